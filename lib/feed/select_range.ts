/** Tells the order of two items, as for `Array.sort`. */
export type Compare<T> = (a: T, b: T) => number;

/**
 * The items that would stand at `start` to `end` (exclusive) if all were sorted,
 * in that order, without sorting them all: linear in the number of items. Moves
 * the items of the array.
 */
export function selectRange<T>(
  items: T[],
  { start, end }: { start: number; end: number },
  compare: Compare<T>,
): T[] {
  const last = Math.min(end, items.length);
  if (start >= last) return [];
  if (start > 0) partition(items, start, 0, compare);
  if (last < items.length) partition(items, last, start, compare);
  return items.slice(start, last).sort(compare);
}

/** Moves the smallest items in front of `at`, looking from `left` on. */
function partition<T>(
  items: T[],
  at: number,
  left: number,
  compare: Compare<T>,
): void {
  let right = items.length - 1;
  while (left < right) {
    const pivot = median(
      items[left]!,
      items[(left + right) >> 1]!,
      items[right]!,
      compare,
    );
    let low = left;
    let high = right;
    while (low <= high) {
      while (compare(items[low]!, pivot) < 0) low++;
      while (compare(items[high]!, pivot) > 0) high--;
      if (low > high) break;
      [items[low], items[high]] = [items[high]!, items[low]!];
      low++;
      high--;
    }
    if (at <= high) right = high;
    else if (at >= low) left = low;
    else return;
  }
}

function median<T>(a: T, b: T, c: T, compare: Compare<T>): T {
  if (compare(a, b) > 0) [a, b] = [b, a];
  if (compare(b, c) <= 0) return b;
  return compare(a, c) > 0 ? a : c;
}
