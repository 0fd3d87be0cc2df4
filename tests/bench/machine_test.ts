import assert from "node:assert/strict";
import { untilQuiet } from "./machine.ts";

Deno.test("Quiet is a machine that was so for seconds in a row", async () => {
  const shares = [0.9, 0.05, 0.02, 0.5, 0.09, 0, 0.01, 1];
  let looks = 0;
  const busyShare = () => Promise.resolve(shares[looks++]!);
  assert.equal(await untilQuiet(60_000, { busyShare }), true);
  assert.equal(looks, 7);
});

Deno.test("A machine that is never quiet is not waited for for ever", async () => {
  const busyShare = () => new Promise<number>((r) => setTimeout(r, 5, 0.9));
  assert.equal(await untilQuiet(50, { busyShare }), false);
});
