import assert from "node:assert/strict";
import fc from "fast-check";
import { leastOf } from "./least_of.ts";

Deno.test("the least are those that sorting gives", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ key: fc.nat(20), at: fc.nat() })),
      fc.integer({ min: -1, max: 12 }),
      (items, count) => {
        const compare = (a: { key: number }, b: { key: number }) =>
          a.key - b.key;
        const keys = (list: typeof items) => list.map(({ key }) => key);
        const sorted = items.toSorted(compare).slice(0, Math.max(0, count));
        assert.deepEqual(keys(leastOf(items, count, compare)), keys(sorted));
      },
    ),
  );
});

Deno.test("the items stay in their order", () => {
  const items = [3, 1, 2];
  assert.deepEqual(leastOf(items, 2, (a, b) => a - b), [1, 2]);
  assert.deepEqual(items, [3, 1, 2]);
});
