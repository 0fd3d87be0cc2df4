import assert from "node:assert/strict";
import fc from "fast-check";
import { pauseMs, restMs } from "./sweep_rest.ts";

const cost = fc.record({
  leastMs: fc.nat(20_000),
  costMs: fc.nat(100_000),
  tookMs: fc.nat(100_000),
});

Deno.test("without a watch on every folder a file is looked at every 30 s, if a sweep leaves the time", () => {
  fc.assert(fc.property(cost, fc.nat(24_000), (cost, tookMs) => {
    const rest = restMs({ ...cost, tookMs, complete: false });
    // The next sweep may take a fifth of the bound longer than this one.
    assert.ok(rest + tookMs <= 25_000);
    assert.ok(rest >= 0);
  }));
});

Deno.test("a sweep that takes longer than that is followed by the next one", () => {
  const cost = { complete: false, leastMs: 10_000, costMs: 40_000 };
  assert.equal(restMs({ ...cost, tookMs: 40_000 }), 0);
});

Deno.test("with every folder watched sweeps take a hundredth of a core, and come within 10 minutes", () => {
  fc.assert(fc.property(cost, (cost) => {
    const rest = restMs({ ...cost, complete: true });
    assert.ok(rest >= Math.min(cost.costMs * 100, 600_000));
    assert.ok(rest <= Math.max(cost.leastMs, 600_000));
    assert.ok(rest >= cost.leastMs);
  }));
  const quick = { complete: true, leastMs: 10_000, costMs: 20, tookMs: 30 };
  assert.equal(restMs(quick), 10_000);
});

Deno.test("a sweep that is asked for again and again leaves three times its cost", () => {
  fc.assert(fc.property(cost, fc.boolean(), (cost, complete) => {
    const pause = pauseMs({ ...cost, complete });
    assert.ok(pause <= cost.costMs * 3);
    assert.ok(pause <= restMs({ ...cost, complete }));
  }));
});
