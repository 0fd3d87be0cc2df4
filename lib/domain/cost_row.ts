import type { ClientId } from "./client_id.ts";
import type { Holding, Sureness } from "./holding.ts";
import type { Usage } from "./usage.ts";

/** What is counted of one client: its usage in a month, and what it has stored. */
export interface CostRow {
  readonly id: ClientId;
  /** The UTC month of `usage`: `2026-11`. */
  readonly month: string;
  readonly usage: Usage;
  readonly holding: Holding;
}

/** What is counted of all clients in a month. */
export interface MonthTotals {
  /** `2026-11` */
  readonly month: string;
  readonly usage: Usage;
  /** By how many bytes what is stored grew, as far as known. */
  readonly grown: number;
  /** For how long it was counted, in ms: while a manager ran. */
  readonly countedMs: number;
}

/** What all clients have stored. */
export interface StoredTotals {
  readonly bytes: number;
  /** How many clients' figures stand how to the truth. */
  readonly clients: Readonly<Record<Sureness, number>>;
}

/** The UTC month of a time: `2026-11`. */
export function monthOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 7);
}

/** When a month begins and the next, in ms since 1970. */
export function monthBounds(month: string): { start: number; end: number } {
  const [year = 0, number = 0] = month.split("-").map(Number);
  return { start: Date.UTC(year, number - 1), end: Date.UTC(year, number) };
}
