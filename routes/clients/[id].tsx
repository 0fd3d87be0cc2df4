import { page } from "fresh";
import ClientView from "../../islands/ClientView.tsx";
import RestorePoints from "../../islands/RestorePoints.tsx";
import { replicaUrl } from "../../lib/domain/replica_target.ts";
import { clientJson } from "../../lib/feed/status_json.ts";
import { localeOf } from "../../lib/ui/format.ts";
import type { ClientPage } from "../../lib/ui/live_client.ts";
import { clientParam } from "../../lib/web/client_param.ts";
import { clientCostOf } from "../../lib/web/costs.ts";
import { pagePoints } from "../../lib/web/restore_points.ts";
import { define, running } from "../../lib/web/state.ts";

/** How long the page waits for the bucket; with `?wait=1`, as without script. */
const WAIT_MS = 400;
const LONG_WAIT_MS = 30_000;

export const handler = define.handlers({
  async GET({ req, url, params, state }) {
    const { manager, feed } = running(state);
    const client = clientParam(manager, params.id);
    const points = await pagePoints(manager, client.id, {
      signal: req.signal,
      boundMs: url.searchParams.has("wait") ? LONG_WAIT_MS : WAIT_MS,
    });
    const now = Date.now();
    const { config } = manager;
    const data: ClientPage = {
      client: clientJson(clientParam(manager, params.id), config.target, now),
      ticks: feed.ticks(client.id),
      history: manager.history(client.id),
      replicaUrl: replicaUrl(config.target, client.id),
      cost: clientCostOf(manager, client.id),
      now,
      rpoMs: config.rpoMs,
      position: feed.position,
      locale: localeOf(req.headers.get("Accept-Language")),
    };
    return page({ client: data, points }, {
      headers: { "Cache-Control": "no-store" },
    });
  },
});

export default define.page<typeof handler>(({ data: { client, points } }) => (
  <div class="client-layout">
    <ClientView page={client} />
    <RestorePoints
      clientId={client.client.clientId}
      answer={points.answer}
      failure={points.failure}
      now={client.now}
      locale={client.locale}
    />
  </div>
));
