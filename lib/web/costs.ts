import {
  type ClientCost,
  clientCost,
  type CostReport,
  costReport,
} from "../costs/report.ts";
import type { ClientId } from "../domain/client_id.ts";
import { UNKNOWN_HOLDING } from "../domain/holding.ts";
import type { Prices } from "../domain/prices.ts";
import { noUsage } from "../domain/usage.ts";
import type { Feed } from "../feed/feed.ts";
import type { ManagerView } from "../view.ts";

/** What all clients cost, with the dearest of them. */
export function costsOf(
  { manager, feed }: { manager: ManagerView; feed: Feed },
  { limit }: { limit: number },
): CostReport {
  const now = Date.now();
  const { registry, startedAt } = manager;
  const activity = feed.activity();
  const sum = (values: readonly number[]) =>
    values.reduce((total, n) => total + n, 0);
  return costReport(manager.costs, {
    prices: pricesOf(manager),
    clients: registry.size,
    present: registry.size - registry.counts.peek().gone,
    lately: {
      puts: sum(activity.puts),
      gets: sum(activity.gets),
      bytes: sum(activity.bytes),
      minutes: Math.min(60, Math.floor((now - startedAt) / 60_000)),
    },
    now,
    limit,
  });
}

/** What one client costs; zero for one that did nothing yet. */
export function clientCostOf(
  manager: ManagerView,
  id: ClientId,
): ClientCost {
  const nothing = { usage: noUsage(), holding: UNKNOWN_HOLDING };
  const row = manager.costs.client(id) ?? nothing;
  return clientCost(id, row, pricesOf(manager));
}

/** Null where nothing is charged: a folder. */
function pricesOf({ config }: ManagerView): Prices | null {
  return config.target.kind === "s3" ? config.prices : null;
}
