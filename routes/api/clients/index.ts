import { cursorOf, readApiQuery } from "../../../lib/feed/query_params.ts";
import { clientJson } from "../../../lib/feed/status_json.ts";
import { define, running } from "../../../lib/web/state.ts";

/** Clients by `q`, `status` and `sort`; `cursor` asks for the next `limit`. */
export const handler = define.handlers({
  GET({ url, state }) {
    const { manager, feed } = running(state);
    const query = readApiQuery(url.searchParams);
    const { clients, total } = feed.clients({
      ...query,
      limit: query.limit + 1,
    });
    const shown = clients.slice(0, query.limit);
    const last = shown.at(-1);
    const now = Date.now();
    return Response.json({
      total,
      clients: shown.map((client) =>
        clientJson(client, manager.config.target, now)
      ),
      nextCursor: last !== undefined && clients.length > shown.length
        ? cursorOf(last)
        : null,
    }, { headers: { "Cache-Control": "no-store" } });
  },
});
