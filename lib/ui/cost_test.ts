import assert from "node:assert/strict";
import { LIST_PRICES } from "../domain/prices.ts";
import { monthlyCost } from "./cost.ts";

Deno.test("1,000 idle clients cost Litestream alone about 2,000 dollars a month", () => {
  const cost = monthlyCost({
    puts: 0,
    gets: 0,
    minutes: 60,
    clients: 1_000,
    prices: LIST_PRICES,
  });
  assert.equal(cost?.ours, 0);
  assert.equal(Math.round(cost?.alone ?? 0), 2_190);
});

Deno.test("ours is the rate of the known minutes, each kind at its price", () => {
  const cases = [
    [600, 0, "4.38"],
    [0, 600, "0.35"],
    [600, 600, "4.73"],
  ] as const;
  for (const [puts, gets, ours] of cases) {
    const rest = { minutes: 30, clients: 1, prices: LIST_PRICES };
    assert.equal(monthlyCost({ puts, gets, ...rest })?.ours.toFixed(2), ours);
  }
});

Deno.test("the prices are those of the configuration, and the formula says so", () => {
  const cost = monthlyCost({
    puts: 1_000,
    gets: 0,
    minutes: 60,
    clients: 1,
    prices: { ...LIST_PRICES, put: 0.01, get: 0 },
  });
  assert.equal(cost?.ours.toFixed(2), "7.30");
  assert.match(cost?.formula ?? "", /1000 writes and lists × \$0\.01 /);
});

Deno.test("too few minutes tell nothing about a month", () => {
  const rest = { puts: 9, gets: 0, clients: 1, prices: LIST_PRICES };
  assert.equal(monthlyCost({ ...rest, minutes: 4 }), null);
});
