import assert from "node:assert/strict";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { someId } from "../../tests/support/some_client.ts";
import type { Drill } from "../domain/drill.ts";
import { txidOf } from "../domain/txid.ts";
import { Store } from "./store.ts";

const passed: Drill = {
  at: 1_700_000_000_000,
  result: "passed",
  txid: txidOf(7),
  problem: null,
};
const refuted: Drill = { ...passed, result: "refuted", problem: "no 'file'" };

Deno.test("the last drill of a client outlives the program, and another bucket's is forgotten", async () => {
  await using dir = await TempDir.create("drills");
  const file = dir.join("state.db");
  {
    using store = Store.open(file, "one");
    assert.equal(store.drill(someId(1)), null);
    store.keepDrill(someId(1), refuted);
    store.keepDrill(someId(1), passed);
    store.keepDrill(someId(2), refuted);
  }
  {
    using store = Store.open(file, "one");
    assert.deepEqual(store.drill(someId(1)), passed);
    assert.deepEqual(store.drill(someId(2)), refuted);
  }
  {
    using store = Store.open(file, "two");
    assert.equal(store.drill(someId(1)), null);
  }
  using store = Store.open(file, "two");
  assert.equal(store.drill(someId(2)), null);
});
