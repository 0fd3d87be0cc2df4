import { page } from "fresh";
import Dashboard from "../islands/Dashboard.tsx";
import { readPageQuery } from "../lib/domain/page_query.ts";
import { clientQueryOf } from "../lib/feed/query_params.ts";
import { localeOf } from "../lib/ui/format.ts";
import { define, running } from "../lib/web/state.ts";
import type { FrontPage } from "../lib/ui/live_table.ts";

export const handler = define.handlers({
  GET({ req, url, state }) {
    const { manager: { config, startedAt }, feed } = running(state);
    const query = readPageQuery(url.searchParams);
    const { order, total } = feed.find(clientQueryOf(query));
    const data: FrontPage = {
      query,
      rows: feed.rows(order),
      total,
      totals: feed.totals(),
      activity: feed.activity(),
      position: feed.position,
      locale: localeOf(req.headers.get("Accept-Language")),
      startedAt,
      watchDirs: config.watchDirs,
      bucket: config.bucket,
      prices: config.target.kind === "s3" ? config.prices : null,
    };
    return page(data, { headers: { "Cache-Control": "no-store" } });
  },
});

export default define.page<typeof handler>(({ data }) => (
  <Dashboard page={data} />
));
