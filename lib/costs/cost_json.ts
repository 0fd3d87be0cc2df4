import type { MonthTotals } from "../domain/cost_row.ts";
import { requestsOf, type Usage } from "../domain/usage.ts";
import type { ClientCost, CostReport } from "./report.ts";

/** The answer of `GET /api/costs`; see docs/api.md. */
export function costJson(report: CostReport) {
  const { now, prices, clients, month, spent, stored, forecast } = report;
  return {
    at: new Date(now).toISOString(),
    prices,
    sinceStart: usageJson(report.sinceStart),
    thisMonth: { ...monthJson(month), dollars: spent },
    stored: {
      bytes: stored.bytes,
      sureness: stored.sureness,
      clients: { ...stored.clients, unknown: unknownOf(report) },
    },
    forecast: forecast && {
      dollars: forecast.dollars,
      estimates: forecast.estimates,
      storage: forecast.storage,
    },
    aloneDollars: report.alone,
    earlierMonths: report.earlier.map(monthJson),
    totalClients: clients,
    clients: report.dearest.map(clientCostJson),
  };
}

export function clientCostJson({ id, usage, stored, dollars }: ClientCost) {
  const { bytes, sureness, listedAt } = stored;
  return {
    clientId: id,
    ...usageJson(usage),
    stored: {
      bytes,
      sureness: bytes === null ? "unknown" : sureness,
      listedAt: listedAt === null ? null : new Date(listedAt).toISOString(),
    },
    dollars,
  };
}

/** How many clients there are of which nothing is known that is stored. */
export function unknownOf({ clients, stored }: CostReport): number {
  const known = Object.values(stored.clients).reduce((sum, n) => sum + n, 0);
  return Math.max(0, clients - known);
}

function monthJson({ month, usage, grown, countedMs }: MonthTotals) {
  return { month, ...usageJson(usage), grownBytes: grown, countedMs };
}

function usageJson(usage: Usage) {
  const { puts, gets, frees, bytes, unsized } = usage;
  return {
    requests: requestsOf(usage),
    writesAndLists: puts,
    reads: gets,
    free: frees,
    uploadedBytes: bytes,
    uploadsOfUnknownSize: unsized,
  };
}
