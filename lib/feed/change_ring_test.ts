import assert from "node:assert/strict";
import { idOf } from "../../tests/support/fake_manager.ts";
import { ChangeRing } from "./change_ring.ts";

Deno.test("what changed since a version, each once, as long as it is known", () => {
  const ring = new ChangeRing(3);
  const [a, b] = [idOf(1), idOf(2)];
  assert.deepEqual(ring.since(0), new Set());
  ring.push(a);
  ring.push(b);
  ring.push(a);
  assert.deepEqual(ring.since(0), new Set([a, b]));
  assert.deepEqual(ring.since(2), new Set([a]));
  assert.deepEqual(ring.since(3), new Set());
  ring.push(b);
  assert.equal(ring.since(0), null);
  assert.deepEqual(ring.since(1), new Set([b, a]));
});

Deno.test("a version that never was is not known", () => {
  const ring = new ChangeRing(3);
  for (const version of [-1, 1, NaN]) assert.equal(ring.since(version), null);
});
