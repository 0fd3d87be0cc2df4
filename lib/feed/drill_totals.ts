import type { Client } from "../domain/client.ts";

/** How the last trial restores of all clients ended. */
export interface DrillTotals {
  readonly passed: number;
  readonly refuted: number;
  readonly damaged: number;
  /** Clients that were never tried. */
  readonly untried: number;
  /** The last one, in ms since 1970; null before the first. */
  readonly lastAt: number | null;
}

/** Counts the last trial restore of each client. */
export function drillTotals(clients: Iterable<Client>): DrillTotals {
  const counts = { passed: 0, refuted: 0, damaged: 0, untried: 0 };
  let lastAt: number | null = null;
  for (const { drill } of clients) {
    counts[drill?.result ?? "untried"]++;
    if (drill !== null) lastAt = Math.max(lastAt ?? 0, drill.at);
  }
  return { ...counts, lastAt };
}
