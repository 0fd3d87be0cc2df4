import { getLogger } from "@logtape/logtape";
import { App, csrf, staticFiles } from "fresh";
import { Feed } from "./feed/feed.ts";
import type { ManagerView } from "./view.ts";
import { hostGuard } from "./web/host_guard.ts";
import { problems } from "./web/problem.ts";
import { securityHeaders } from "./web/security_headers.ts";
import type { State } from "./web/state.ts";

const logger = getLogger(["litestream-manager", "web"]);
const current: State = { manager: null, feed: null };
let hostNames: readonly string[] = [];

/**
 * The web application. It answers 503 until {@linkcode setManager} gave it a
 * manager, so it can listen first.
 */
export const app: App<State> = new App<State>()
  .use((ctx) => {
    Object.assign(ctx.state, current);
    return ctx.next();
  })
  .use(securityHeaders())
  .use(problems((error) => logger.error("Request failed: {error}", { error })))
  .use(hostGuard(() => hostNames))
  .use(staticFiles())
  .use(csrf())
  .fsRoutes();

/**
 * Shows this manager from now on. Disposing of what it returns ends all event
 * streams, so that the server can shut down, and brings back the 503.
 *
 * @param options.hosts names under which browsers may ask, besides addresses,
 * `localhost` and the configured host
 */
export function setManager(
  manager: ManagerView,
  { hosts = [] }: { hosts?: readonly string[] } = {},
): Disposable {
  current.feed?.[Symbol.dispose]();
  const feed = new Feed(manager);
  current.manager = manager;
  current.feed = feed;
  hostNames = [manager.config.host, ...hosts];
  return {
    [Symbol.dispose]() {
      feed[Symbol.dispose]();
      if (current.feed !== feed) return;
      current.manager = null;
      current.feed = null;
    },
  };
}
