/** First backups under way, at most. */
const MOST = 1_000;
/** What one takes at its peak in Litestream and in the manager, in bytes, and as much again. */
const BYTES_EACH = 4 << 20;
/** With fewer, each would wait for the second that Litestream waits before it begins. */
const LEAST = 16;

/**
 * How many first backups may be under way. Each takes a second that Litestream
 * waits before it begins, so they are many, or the machine would wait too; but no
 * more than half of its memory allows.
 *
 * @param availableBytes memory that may still be taken; null when nobody knows
 */
export function firstPlaces(
  maxAwake: number,
  availableBytes: number | null,
): number {
  const byMemory = availableBytes === null
    ? MOST
    : Math.max(LEAST, Math.floor(availableBytes / BYTES_EACH));
  return Math.min(MOST, maxAwake * 4, byMemory);
}
