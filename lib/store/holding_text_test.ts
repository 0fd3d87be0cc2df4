import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Holding,
  UNKNOWN_HOLDING,
  withDeletion,
  withUpload,
} from "../domain/holding.ts";
import { txidOf } from "../domain/txid.ts";
import { holdingText, readHolding } from "./holding_text.ts";

Deno.test("a holding is read as it was written", () => {
  const step = fc.record({
    gone: fc.boolean(),
    level: fc.integer({ min: 0, max: 9 }),
    txid: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map(txidOf),
    bytes: fc.option(fc.nat()),
    at: fc.nat(),
  });
  const start = fc.record({
    base: fc.option(fc.nat()),
    listedAt: fc.option(fc.nat()),
    lost: fc.nat(3),
  });
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 40 }), (known, steps) => {
      let holding: Holding = { ...UNKNOWN_HOLDING, ...known };
      for (const { gone, ...file } of steps) {
        holding = gone
          ? withDeletion(holding, file)
          : withUpload(holding, file);
      }
      assert.deepEqual(readHolding(holdingText(holding)), holding);
    }),
  );
});

Deno.test("a client that was backed up once takes little room", () => {
  const file = { level: 0, txid: txidOf(1), bytes: 13_077, at: Date.now() };
  const text = holdingText(withUpload(UNKNOWN_HOLDING, file));
  assert(text.length < 64, text);
});
