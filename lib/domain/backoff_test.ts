import assert from "node:assert/strict";
import fc from "fast-check";
import { backoffMs } from "./backoff.ts";

const least = { random: () => 0 };
const most = { random: () => 1 };

Deno.test("each wait is twice the one before, up to the maximum", () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => backoffMs(n, most));
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60].map((s) => s * 1_000));
});

Deno.test("half of it is left to chance", () => {
  assert.equal(backoffMs(1, least), 500);
  assert.equal(backoffMs(1, { random: () => 0.5 }), 750);
  assert.equal(backoffMs(3, least), 2_000);
});

Deno.test("first and longest wait can be told", () => {
  const options = { ...most, firstMs: 10, maxMs: 35 };
  assert.deepEqual([1, 2, 3, 9].map((n) => backoffMs(n, options)), [
    10,
    20,
    35,
    35,
  ]);
});

Deno.test("no wait is longer than the maximum, or shorter than half the first", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: 5_000, max: 1e6 }),
      (attempt, firstMs, maxMs) => {
        const wait = backoffMs(attempt, { firstMs, maxMs });
        assert(wait <= maxMs && wait >= Math.floor(firstMs / 2), `${wait}`);
      },
    ),
  );
});
