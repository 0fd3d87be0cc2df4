import {
  monthBounds,
  type MonthTotals,
  type StoredTotals,
} from "../domain/cost_row.ts";
import { joinedSureness, type Sureness } from "../domain/holding.ts";
import type { Prices } from "../domain/prices.ts";
import {
  requestDollars,
  storageDollars,
  transferDollars,
} from "../domain/usage.ts";

/** Less than this says nothing about a month. */
export const LEAST_MS: number = 5 * 60_000;
/** The first day is mostly first backups: from then on the month itself is the better guide. */
const GUIDE_MS = 24 * 3600_000;

/** What was counted lately, see `Activity`. */
export interface Lately {
  readonly puts: number;
  readonly gets: number;
  readonly bytes: number;
  /** How many minutes that was. */
  readonly minutes: number;
}

/** A whole month's requests and traffic, if it goes on as in the time it rests on. */
export interface Estimate {
  /** What it rests on: this month so far, or the last hour. */
  readonly basis: "month" | "hour";
  /** How long that was, in ms. */
  readonly countedMs: number;
  readonly puts: number;
  readonly gets: number;
  readonly bytes: number;
  /** In dollars. */
  readonly requests: number;
  readonly transfer: number;
}

export interface Forecast {
  /** By each basis that is long enough, the better guide first. */
  readonly estimates: readonly Estimate[];
  readonly storage: StorageForecast;
  /** Requests and traffic by the better guide, and storage; null without a guide. */
  readonly dollars: number | null;
}

export interface StorageForecast {
  readonly bytes: number;
  readonly sureness: Sureness;
  /** What stands now at the price of a month. */
  readonly now: number;
  /** By how many bytes it will have grown at the month's end; null when too little was counted. */
  readonly growth: number | null;
  /** What the average between now and the month's end costs a month. */
  readonly dollars: number;
}

/**
 * What this month will come to: what was counted, and the rest of the month at
 * the pace of what was counted. Nothing is assumed beyond that.
 *
 * @param known.clients how many clients there are, whether or not it is known
 * what they have stored
 */
export function forecastOf(
  known: {
    readonly month: MonthTotals;
    readonly lately: Lately;
    readonly stored: StoredTotals;
    readonly clients: number;
  },
  { prices, now }: { readonly prices: Prices; readonly now: number },
): Forecast {
  const { month: { month, usage, grown, countedMs }, lately } = known;
  const restMs = Math.max(0, monthBounds(month).end - now);
  const estimate = (
    basis: Estimate["basis"],
    counted: Omit<Lately, "minutes">,
    ms: number,
  ): Estimate[] => {
    if (ms < LEAST_MS) return [];
    const whole = (kind: "puts" | "gets" | "bytes") =>
      usage[kind] + counted[kind] * restMs / ms;
    const [puts, gets, bytes] = [whole("puts"), whole("gets"), whole("bytes")];
    return [{
      basis,
      countedMs: ms,
      puts,
      gets,
      bytes,
      requests: requestDollars({ puts, gets }, prices),
      transfer: transferDollars(bytes, prices),
    }];
  };
  const byMonth = estimate("month", usage, countedMs);
  const byHour = estimate("hour", lately, lately.minutes * 60_000);
  const estimates = countedMs >= GUIDE_MS
    ? [...byMonth, ...byHour]
    : [...byHour, ...byMonth];
  const growth = countedMs < GUIDE_MS ? null : grown * restMs / countedMs;
  const { bytes } = known.stored;
  const average = Math.max(0, bytes + (growth ?? 0) / 2);
  const storage: StorageForecast = {
    bytes,
    sureness: storedSureness(known.stored, known.clients),
    now: storageDollars(bytes, prices),
    growth,
    dollars: storageDollars(average, prices),
  };
  const [guide] = estimates;
  return {
    estimates,
    storage,
    dollars: guide === undefined
      ? null
      : guide.requests + guide.transfer + storage.dollars,
  };
}

/** How the sum of all clients' bytes stands to the truth. */
export function storedSureness(
  { clients }: StoredTotals,
  total: number,
): Sureness {
  const figures = Object.values(clients).reduce((sum, n) => sum + n, 0);
  return joinedSureness(
    figures < total || clients["at least"] > 0 || clients.about > 0,
    clients["at most"] > 0 || clients.about > 0,
  );
}
