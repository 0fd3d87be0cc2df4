import assert from "node:assert/strict";
import { monthlyCost } from "./cost.ts";

Deno.test("1,000 idle clients cost Litestream alone about 2,000 dollars a month", () => {
  const cost = monthlyCost({ requests: 0, minutes: 60, clients: 1_000 });
  assert.equal(cost?.ours, 0);
  assert.equal(Math.round(cost?.alone ?? 0), 2_190);
});

Deno.test("ours is the rate of the known minutes, and nothing from too few", () => {
  const cost = monthlyCost({ requests: 600, minutes: 30, clients: 1 });
  assert.equal(cost?.ours.toFixed(2), "4.38");
  assert.equal(monthlyCost({ requests: 9, minutes: 4, clients: 1 }), null);
});
