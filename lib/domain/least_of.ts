/**
 * The first `count` items in the order of `compare`, without sorting them all:
 * out of a hundred thousand that wait a few hundred are taken, often.
 *
 * ```ts
 * import { leastOf } from "./least_of.ts";
 *
 * console.assert(leastOf([5, 1, 4, 2], 2, (a, b) => a - b).join() === "1,2");
 * ```
 */
export function leastOf<T>(
  items: readonly T[],
  count: number,
  compare: (a: T, b: T) => number,
): T[] {
  if (count <= 0) return [];
  if (items.length <= count) return items.toSorted(compare);
  const kept: T[] = [];
  let limit: T | undefined;
  for (const item of items) {
    if (limit !== undefined && compare(item, limit) >= 0) continue;
    kept.push(item);
    // Cut back now and then: each cut makes the limit lower, so few come after.
    if (kept.length < count * 2) continue;
    kept.sort(compare).length = count;
    limit = kept[count - 1];
  }
  return kept.sort(compare).slice(0, count);
}
