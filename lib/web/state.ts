import { createDefine, HttpError } from "fresh";
import type { Feed } from "../feed/feed.ts";
import type { ManagerView } from "../view.ts";

/** What routes see as `ctx.state`. */
export interface State {
  /** Null until the manager is started, and after it ended. */
  manager: ManagerView | null;
  feed: Feed | null;
}

export const define = createDefine<State>();

/** What a route works with; answers 503 while there is no manager. */
export function running(
  { manager, feed }: State,
): { manager: ManagerView; feed: Feed } {
  if (manager !== null && feed !== null) return { manager, feed };
  throw new HttpError(503, "The manager is starting, try again in a moment");
}
