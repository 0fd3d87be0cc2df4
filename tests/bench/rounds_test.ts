import assert from "node:assert/strict";
import { emptyFigures } from "./figures.ts";
import { roundOf, takeMedians } from "./rounds.ts";

Deno.test("Of several first backups the median counts", () => {
  const figures = emptyFigures("ours", 1_000);
  takeMedians(figures, [
    { uploaded: 9, told: 9.2 },
    { uploaded: 5, told: 5.1 },
    { uploaded: 6, told: 6.3 },
  ]);
  assert.equal(figures.firstUpload, 6);
  assert.equal(figures.firstBackup, 6.3);
  assert.deepEqual(roundOf(figures), { uploaded: 6, told: 6.3 });
});

Deno.test("A first backup that did not end is the longest of all", () => {
  const figures = emptyFigures("ours", 1_000);
  takeMedians(figures, [{ uploaded: 5, told: 5 }, null]);
  assert.equal(figures.firstUpload, null);
  takeMedians(figures, [{ uploaded: 5, told: 5 }, null, {
    uploaded: 7,
    told: 7,
  }]);
  assert.equal(figures.firstUpload, 7);
});

Deno.test("Who cannot tell that all are protected has no time for it", () => {
  const figures = emptyFigures("peer", 1_000);
  takeMedians(figures, [{ uploaded: 5, told: null }]);
  assert.equal(figures.firstUpload, 5);
  assert.equal(figures.firstBackup, null);
});
