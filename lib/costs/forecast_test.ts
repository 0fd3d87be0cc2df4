import assert from "node:assert/strict";
import type { MonthTotals, StoredTotals } from "../domain/cost_row.ts";
import { GB, type Prices } from "../domain/prices.ts";
import { noUsage } from "../domain/usage.ts";
import { forecastOf, type Lately, storedSureness } from "./forecast.ts";

const prices: Prices = { put: 1, get: 0.1, storage: 2, transfer: 3 };
const HOUR = 3600_000;
const nobody = { "exact": 0, "at least": 0, "at most": 0, "about": 0 };

/** Ten days before the end of November. */
const NOW = Date.UTC(2026, 10, 21);
const month = (more: Partial<MonthTotals> = {}): MonthTotals => ({
  month: "2026-11",
  usage: { ...noUsage(), puts: 5_000, gets: 10_000, bytes: 5 * GB },
  grown: 0,
  countedMs: 5 * 24 * HOUR,
  ...more,
});
const quiet: Lately = { puts: 0, gets: 0, bytes: 0, minutes: 60 };
const stored: StoredTotals = {
  bytes: 4 * GB,
  clients: { ...nobody, exact: 2 },
};
const forecast = (
  { month: total = month(), lately = quiet, kept = stored, clients = 2 }: {
    month?: MonthTotals;
    lately?: Lately;
    kept?: StoredTotals;
    clients?: number;
  } = {},
) =>
  forecastOf({ month: total, lately, stored: kept, clients }, {
    prices,
    now: NOW,
  });

Deno.test("the month's pace goes on for the rest of the month", () => {
  const [guide, other] = forecast().estimates;
  // Five days were counted and ten are left: three times as much.
  assert.deepEqual(guide, {
    basis: "month",
    countedMs: 5 * 24 * HOUR,
    puts: 15_000,
    gets: 30_000,
    bytes: 15 * GB,
    requests: 15 + 3,
    transfer: 45,
  });
  // Nothing was asked in the last hour: it stays at what it is.
  assert.deepEqual([other?.basis, other?.requests], ["hour", 6]);
  assert.equal(forecast().dollars, 18 + 45 + 8);
});

Deno.test("the last hour is the guide until a day was counted", () => {
  const lately = { puts: 10, gets: 0, bytes: 0, minutes: 60 };
  const young = month({ countedMs: 2 * HOUR });
  const { estimates, dollars, storage } = forecast({ month: young, lately });
  assert.deepEqual(estimates.map(({ basis }) => basis), ["hour", "month"]);
  assert.equal(estimates[0]?.puts, 5_000 + 10 * 240);
  assert.equal(storage.growth, null);
  assert.equal(dollars, 7.4 + 1 + 15 + 8);
});

Deno.test("less than five minutes are no basis", () => {
  const young = month({ countedMs: 4 * 60_000 });
  const lately = { ...quiet, minutes: 4 };
  const { estimates, dollars, storage } = forecast({ month: young, lately });
  assert.deepEqual(estimates, []);
  assert.equal(dollars, null);
  assert.equal(storage.now, 8);
  const five = forecast({ month: young, lately: { ...quiet, minutes: 5 } });
  assert.deepEqual(five.estimates.map(({ basis }) => basis), ["hour"]);
});

Deno.test("storage grows as it did, and shrinks to no less than nothing", () => {
  const { storage } = forecast({ month: month({ grown: GB }) });
  assert.equal(storage.growth, 2 * GB);
  assert.equal(storage.now, 8);
  assert.equal(storage.dollars, 10);
  const shrinking = forecast({ month: month({ grown: -100 * GB }) });
  assert.equal(shrinking.storage.dollars, 0);
});

Deno.test("the sum is as sure as the least sure client", () => {
  const cases = [
    [{ exact: 2 }, 2, "exact"],
    [{ exact: 1 }, 2, "at least"],
    [{ exact: 1, "at least": 1 }, 2, "at least"],
    [{ "at most": 1, exact: 3 }, 4, "at most"],
    [{ "at most": 1, exact: 3 }, 5, "about"],
    [{ about: 1 }, 1, "about"],
    [{}, 0, "exact"],
  ] as const;
  for (const [clients, total, want] of cases) {
    const all = { bytes: 1, clients: { ...nobody, ...clients } };
    assert.equal(storedSureness(all, total), want);
  }
});
