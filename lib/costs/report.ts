import type { ClientId } from "../domain/client_id.ts";
import type { CostRow, MonthTotals, StoredTotals } from "../domain/cost_row.ts";
import {
  heldBytes,
  isHeld,
  type Sureness,
  surenessOf,
} from "../domain/holding.ts";
import { LIST_PRICES, type Prices } from "../domain/prices.ts";
import {
  aloneDollars,
  requestDollars,
  storageDollars,
  transferDollars,
  type Usage,
} from "../domain/usage.ts";
import {
  type Forecast,
  forecastOf,
  type Lately,
  storedSureness,
} from "./forecast.ts";
import type { Meter } from "./meter.ts";

/** What a client asked for and sent in this month, what it has stored, and what that costs. */
export interface ClientCost {
  readonly id: ClientId;
  readonly usage: Usage;
  readonly stored: Stored;
  /** Null where nothing is charged. */
  readonly dollars: ClientDollars | null;
}

export interface Stored {
  /** Null when nothing is known. */
  readonly bytes: number | null;
  readonly sureness: Sureness;
  /** When the bucket told, in ms since 1970; null when it was counted since the first backup. */
  readonly listedAt: number | null;
}

export interface ClientDollars {
  /** This month up to now. */
  readonly requests: number;
  readonly transfer: number;
  /** What is stored, for a whole month. */
  readonly storage: number;
}

/** What all clients cost. */
export interface CostReport {
  /** When it was told, in ms since 1970. */
  readonly now: number;
  /** Null where nothing is charged: the bucket is a folder. */
  readonly prices: Prices | null;
  readonly clients: number;
  readonly sinceStart: Usage;
  readonly month: MonthTotals;
  /** Of this month up to now, in dollars; null where nothing is charged. */
  readonly spent:
    | { readonly requests: number; readonly transfer: number }
    | null;
  readonly stored: StoredTotals & { readonly sureness: Sureness };
  readonly forecast: Forecast | null;
  /** What the clients would cost Litestream alone in a month while idle, in dollars. */
  readonly alone: number | null;
  /** Newest first. */
  readonly earlier: readonly MonthTotals[];
  readonly dearest: readonly ClientCost[];
}

export interface ReportOptions {
  /** Null where nothing is charged. */
  readonly prices: Prices | null;
  /** How many clients there are, and how many of them have a database. */
  readonly clients: number;
  readonly present: number;
  readonly lately: Lately;
  readonly now: number;
  /** How many of the dearest clients are listed. */
  readonly limit: number;
}

/** What costs a client; with `prices` null only the counts. */
export function clientCost(
  id: ClientId,
  row: Pick<CostRow, "usage" | "holding">,
  prices: Prices | null,
): ClientCost {
  const { usage, holding } = row;
  const bytes = isHeld(holding) ? heldBytes(holding) : null;
  return {
    id,
    usage,
    stored: {
      bytes,
      sureness: surenessOf(holding),
      listedAt: holding.listedAt,
    },
    dollars: prices && {
      requests: requestDollars(usage, prices),
      transfer: transferDollars(usage.bytes, prices),
      storage: storageDollars(bytes ?? 0, prices),
    },
  };
}

/** What all clients cost, with the dearest of them. */
export function costReport(
  meter: Meter,
  { prices, clients, present, lately, now, limit }: ReportOptions,
): CostReport {
  const month = meter.month();
  const stored = meter.stored();
  const dearest = meter.dearest({
    // Where nothing is charged, those that move and keep most.
    prices: prices ?? { ...LIST_PRICES, transfer: 1, storage: 1 },
    limit,
  });
  return {
    now,
    prices,
    clients,
    sinceStart: { ...meter.sinceStart },
    month,
    spent: prices && {
      requests: requestDollars(month.usage, prices),
      transfer: transferDollars(month.usage.bytes, prices),
    },
    stored: { ...stored, sureness: storedSureness(stored, clients) },
    forecast: prices &&
      forecastOf({ month, lately, stored, clients }, { prices, now }),
    alone: prices && aloneDollars(present, prices),
    earlier: meter.earlierMonths(),
    dearest: dearest.map((row) => clientCost(row.id, row, prices)),
  };
}
