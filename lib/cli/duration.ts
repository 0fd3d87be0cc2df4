const UNITS = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
} as const;

type Unit = keyof typeof UNITS;

const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/y;

/** A hundred years: more is a slip of the pen. */
const MAX_MS = 36_525 * UNITS.d;

/**
 * Reads `60s`, `5m`, `1h`, `7d`, `500ms`, and sums of them such as `1h30m`.
 *
 * @returns whole ms; null if it is no duration or longer than a hundred years
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(parseDuration("1h30m"), 5_400_000);
 * assert.equal(parseDuration("90"), null);
 * ```
 */
export function parseDuration(text: string): number | null {
  let total = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const match = PART.exec(text);
    if (match === null) return null;
    total += Number(match[1]) * UNITS[match[2] as Unit];
  }
  return text === "" || total > MAX_MS ? null : Math.round(total);
}

/**
 * Writes whole ms so that {@linkcode parseDuration} reads them back: `1h30m`, `0s`.
 */
export function formatDuration(ms: number): string {
  let rest = ms;
  let text = "";
  for (const unit of ["d", "h", "m", "s", "ms"] satisfies Unit[]) {
    const count = Math.floor(rest / UNITS[unit]);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * UNITS[unit];
  }
  return text || "0s";
}
