import assert from "node:assert/strict";
import { someClient } from "../../tests/support/some_client.ts";
import type { Drill } from "../domain/drill.ts";
import { txidOf } from "../domain/txid.ts";
import { drillTotals } from "./drill_totals.ts";

Deno.test("the last trial restores of all clients are counted by how they ended", () => {
  const drill = (at: number, result: Drill["result"]): Drill => ({
    at,
    result,
    txid: txidOf(1),
    problem: null,
  });
  const clients = [
    someClient(),
    someClient({ drill: drill(3, "passed") }),
    someClient({ drill: drill(9, "refuted") }),
    someClient({ drill: drill(5, "passed") }),
    someClient({ drill: drill(1, "damaged") }),
  ];
  assert.deepEqual(drillTotals(clients), {
    passed: 2,
    refuted: 1,
    damaged: 1,
    untried: 1,
    lastAt: 9,
  });
  assert.equal(drillTotals([]).lastAt, null);
});
