import type { ClientId } from "../domain/client_id.ts";

/**
 * The ways from the rows that are shown to those that are to be shown, with at
 * most `most` new rows in each, from the top down. Rows that leave stay until
 * their place is taken, so that the page keeps its height.
 */
export function* orderSteps(
  shown: readonly ClientId[],
  order: readonly ClientId[],
  most: number,
): Generator<readonly ClientId[]> {
  const known = new Set(shown);
  let left = order.filter((id) => !known.has(id)).length;
  for (let end = 0; left > most; left -= most) {
    for (let fresh = 0; fresh < most; end++) {
      if (!known.has(order[end]!)) fresh++;
    }
    const placed = order.slice(0, end);
    const taken = new Set(placed);
    const rest = shown.filter((id) => !taken.has(id));
    yield [...placed, ...rest].slice(0, Math.max(end, order.length));
  }
  yield order;
}
