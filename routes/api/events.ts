import { HttpError } from "fresh";
import { parseClientId } from "../../lib/domain/client_id.ts";
import { readPageQuery } from "../../lib/domain/page_query.ts";
import type { Watch } from "../../lib/feed/event_stream.ts";
import { clientQueryOf, ParamError } from "../../lib/feed/query_params.ts";
import { define, running } from "../../lib/web/state.ts";

const MAX_IDS = 500;

/**
 * Changes as server-sent events. `view=1` with the front page's `q`, `status`,
 * `sort` and `page` tells what that page shows; `client=ID` tells of one client;
 * `ids=ID,ID` of those; without any, every change. Resumes after `Last-Event-ID`,
 * or after `since` for a page that was rendered at that position.
 */
export const handler = define.handlers({
  GET({ req, url, state }) {
    const { feed } = running(state);
    const since = req.headers.get("Last-Event-ID") ??
      url.searchParams.get("since");
    const body = feed.open(watchOf(url.searchParams), since);
    if (body === null) {
      throw new HttpError(503, "Too many event streams are open: close some");
    }
    return new Response(body, {
      headers: {
        "Content-Type": "text/event-stream",
        "Cache-Control": "no-store, no-transform",
        "X-Accel-Buffering": "no",
      },
    });
  },
});

function watchOf(params: URLSearchParams): Watch {
  const client = params.get("client");
  if (client !== null) return { kind: "client", id: idOf(client) };
  if (params.has("view")) {
    return { kind: "view", query: clientQueryOf(readPageQuery(params)) };
  }
  const ids = params.get("ids")?.split(",") ?? null;
  if (ids !== null && ids.length > MAX_IDS) {
    throw new ParamError(`Too many ids (${ids.length}): send up to ${MAX_IDS}`);
  }
  return { kind: "changes", ids: ids && new Set(ids.map(idOf)) };
}

function idOf(text: string) {
  const id = parseClientId(text);
  if (id !== null) return id;
  throw new ParamError(`"${text}" is no client id: an id is a UUID`);
}
