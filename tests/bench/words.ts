import type { ContenderName } from "./contender.ts";
import type { Spread } from "./figures.ts";
import { type RequestCounts } from "./metering_proxy.ts";

export const NAMES: Readonly<Record<ContenderName, string>> = {
  ours: "Litestream Manager",
  peer: "Litestream",
  tuned: "Litestream, tuned",
};

/** Table and picture show them in this order. */
export const ORDER: readonly ContenderName[] = ["ours", "peer", "tuned"];

export const MB = 1_000_000;

/** Stands for a time that was never measured as it did not end. */
export const MISSING = "not within the bound";

export function rounded(value: number): string {
  return Math.round(value).toLocaleString("en");
}

export function oneDecimal(value: number): string {
  return value.toFixed(1);
}

/** Median, 99th percentile, and of how many. */
export function spreadText({ median, p99, missing, count }: Spread): string {
  const times = [median, p99].map((ms) =>
    (ms / 1_000).toFixed(ms < 100 ? 3 : 2)
  );
  const lost = missing > 0 ? `, ${missing} missing` : "";
  return `${times.join(" / ")} (of ${count}${lost})`;
}

/** The most frequent kind first. */
export function requestsText(counts: RequestCounts): string {
  const kinds = Object.entries(counts).filter(([, n]) => n > 0);
  if (kinds.length === 0) return "0";
  return kinds.sort(([, a], [, b]) => b - a)
    .map(([kind, n]) => `${n} ${kind}`).join(" ");
}

/** `manager 90, litestream 40`, without what is hardly there. */
export function partsText(
  parts: Readonly<Record<string, number>>,
  { atLeast, show }: { atLeast: number; show: (value: number) => string },
): string {
  return Object.entries(parts).filter(([, value]) => value >= atLeast)
    .sort(([, a], [, b]) => b - a)
    .map(([name, value]) => `${name} ${show(value)}`).join(", ");
}

/** Columns side by side, the first to the left, with a line below the first row. */
export function align(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map((cells) => cells.length));
  const widths = Array.from(
    { length: columns },
    (_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const lines = rows.map((cells) =>
    cells.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)
    ).join("  ").trimEnd()
  );
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  return lines;
}
