import fc from "fast-check";
import assert from "node:assert/strict";
import { selectRange } from "./select_range.ts";

Deno.test("a range is what sorting all would give", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 0, max: 50 })),
    fc.nat(60),
    fc.nat(60),
    (items, start, length) => {
      const compare = (a: number, b: number) => a - b;
      const range = { start, end: start + length };
      const sorted = items.toSorted(compare).slice(start, start + length);
      assert.deepEqual(selectRange(items.slice(), range, compare), sorted);
    },
  ));
});

Deno.test("equal, sorted and reversed items take no quadratic time", () => {
  const n = 100_000;
  let comparisons = 0;
  const compare = (a: number, b: number) => {
    comparisons++;
    return a - b;
  };
  const inputs = [
    Array.from({ length: n }, () => 1),
    Array.from({ length: n }, (_, i) => i),
    Array.from({ length: n }, (_, i) => n - i),
  ];
  for (const input of inputs) {
    comparisons = 0;
    selectRange(input, { start: n / 2, end: n / 2 + 50 }, compare);
    assert.ok(comparisons < 20 * n, `${comparisons} comparisons`);
  }
});
