import assert from "node:assert/strict";
import { ActivityRing } from "./activity_ring.ts";

const MINUTE = 60_000;

Deno.test("each minute has its own sum, the current one last", () => {
  let now = 100 * MINUTE;
  const ring = new ActivityRing({ now: () => now });
  ring.record("uploads", 2);
  now += 30_000;
  ring.record("uploads", 3);
  now += 2 * MINUTE;
  ring.record("uploads", 4);
  ring.record("bytes", 7);
  const { uploads, bytes, minute } = ring.read();
  assert.equal(minute, 102);
  assert.deepEqual(uploads.slice(-4), [0, 5, 0, 4]);
  assert.deepEqual(bytes.slice(-2), [0, 7]);
  assert.equal(uploads.length, 60);
});

Deno.test("what is older than an hour is forgotten, however long the pause", () => {
  for (const pause of [60, 61, 600]) {
    let now = 0;
    const ring = new ActivityRing({ now: () => now });
    ring.record("requests", 1);
    now = (pause - 1) * MINUTE;
    const before = ring.read().requests.reduce((a, b) => a + b);
    assert.equal(before, pause <= 60 ? 1 : 0);
    now = pause * MINUTE;
    assert.equal(ring.read().requests.reduce((a, b) => a + b), 0);
  }
});

Deno.test("a clock that is set back loses nothing", () => {
  let now = 100 * MINUTE;
  const ring = new ActivityRing({ now: () => now });
  ring.record("uploads", 1);
  now -= 30 * MINUTE;
  ring.record("uploads", 1);
  assert.equal(ring.read().uploads.at(-1), 2);
});
