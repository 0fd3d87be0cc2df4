import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { someId } from "../../tests/support/some_client.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import type { CostRow, MonthTotals } from "../domain/cost_row.ts";
import { UNKNOWN_HOLDING, withUpload } from "../domain/holding.ts";
import { LIST_PRICES } from "../domain/prices.ts";
import { txidOf } from "../domain/txid.ts";
import { noUsage } from "../domain/usage.ts";
import { CostTable } from "./cost_table.ts";
import { Store } from "./store.ts";

const MONTH = "2026-11";
const holding = (bytes: number) =>
  withUpload(UNKNOWN_HOLDING, { level: 0, txid: txidOf(1), bytes, at: 1 });
const row = (n: number, more: Partial<CostRow> = {}): CostRow => ({
  id: someId(n),
  month: MONTH,
  usage: { ...noUsage(), puts: n, gets: 1, frees: 2, bytes: 3, unsized: 4 },
  holding: holding(n * 100),
  ...more,
});
const month = (name: string): MonthTotals => ({
  month: name,
  usage: { ...noUsage(), puts: 7, bytes: 2 ** 45 },
  grown: -5,
  countedMs: 60_000,
});

Deno.test("what is counted is there after a restart; another bucket has stored nothing of it", async () => {
  await using dir = await TempDir.create("costs");
  const file = dir.join("state.db");
  {
    using store = Store.open(file, "file|/srv|databases");
    store.costs.write([row(1), row(2)], [month(MONTH), month("2026-10")]);
  }
  {
    using store = Store.open(file, "file|/srv|databases");
    assert.deepEqual(store.costs.read(someId(2)), row(2));
    assert.equal(store.costs.read(someId(3)), null);
    assert.deepEqual(store.costs.months(), [month("2026-10"), month(MONTH)]);
    assert.equal(store.costs.stored().bytes, 300);
  }
  using store = Store.open(file, "file|/other|databases");
  assert.equal(store.costs.stored().bytes, 0);
  assert.deepEqual(
    store.costs.read(someId(2)),
    row(2, { holding: UNKNOWN_HOLDING }),
  );
});

Deno.test("the dearest come first: by this month's usage and what is stored", () => {
  using db = new DatabaseSync(":memory:");
  const table = new CostTable(db);
  const nothing = { holding: UNKNOWN_HOLDING };
  table.write([
    row(1, nothing),
    row(3, nothing),
    // A gigabyte is worth 4.6 writes; an old month's requests are worth nothing.
    row(2, { holding: holding(2 ** 30) }),
    row(9, { ...nothing, month: "2026-10" }),
  ], []);
  const ids = (limit: number) =>
    table.dearest(MONTH, { prices: LIST_PRICES, limit })
      .map(({ id }) => Number(id.slice(-2)));
  assert.deepEqual(ids(9), [2, 3, 1, 9]);
  assert.deepEqual(ids(2), [2, 3]);
});

Deno.test("the sum of what is stored tells how sure it is", () => {
  using db = new DatabaseSync(":memory:");
  const table = new CostTable(db);
  const part = withUpload(UNKNOWN_HOLDING, {
    level: 0,
    txid: txidOf(7),
    bytes: 40,
    at: 1,
  });
  table.write([
    row(1),
    row(2, { holding: part }),
    row(3, { holding: UNKNOWN_HOLDING }),
  ], []);
  assert.deepEqual(table.stored(), {
    bytes: 140,
    clients: { "exact": 1, "at least": 1, "at most": 0, "about": 0 },
  });
});

Deno.test("what cannot be written whole is not written at all", () => {
  using db = new DatabaseSync(":memory:");
  const table = new CostTable(db);
  const broken = row(2, { month: null as never });
  assert.throws(() => table.write([row(1), broken], [month(MONTH)]));
  assert.equal(table.read(someId(1)), null);
  table.write([row(1)], [month(MONTH)]);
  assert.deepEqual(table.read(someId(1)), row(1));
});
