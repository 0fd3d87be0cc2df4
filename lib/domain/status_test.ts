import assert from "node:assert/strict";
import fc from "fast-check";
import { someClient } from "../../tests/support/some_client.ts";
import type { Client } from "./client.ts";
import type { Drill, DrillResult } from "./drill.ts";
import { type Status, STATUSES, statusOf } from "./status.ts";
import { TXID_ZERO, txidOf } from "./txid.ts";

const NOW = 1_000_000;
const rules = { rpoMs: 60_000 };
const error = { message: "no such bucket", hint: null, at: NOW };

const cases: [Status, name: string, Partial<Client>][] = [
  ["protected", "everything is proved", {}],
  ["protected", "awake or asleep does not matter", { activity: "awake" }],
  ["protected", "the replica has more", { replicatedTxid: txidOf(2) }],
  ["syncing", "a change waits", { dirtySince: NOW }],
  ["syncing", "a change waits as long as it may", { dirtySince: NOW - 60_000 }],
  ["lagging", "and longer", { dirtySince: NOW - 60_001 }],
  ["syncing", "the replica has less", { txid: txidOf(2) }],
  ["syncing", "the guard has not proved it", { proved: false }],
  ["syncing", "its transaction is not known", { txid: null }],
  [
    "discovered",
    "it never had a backup",
    { proved: false, txid: null, replicatedTxid: null, dirtySince: NOW },
  ],
  [
    "syncing",
    "its first backup is being made",
    {
      activity: "waking",
      proved: false,
      txid: null,
      replicatedTxid: null,
      dirtySince: NOW,
    },
  ],
  [
    "lagging",
    "its first backup is late",
    {
      proved: false,
      txid: null,
      replicatedTxid: null,
      dirtySince: NOW - 60_001,
    },
  ],
  ["syncing", "an empty replica is no backup", { replicatedTxid: TXID_ZERO }],
  ["failing", "an error stands", { error }],
  ["failing", "an error is worse than a lag", { error, dirtySince: 0 }],
  ["failing", "an error is worse than a lock", { error, blocked: "locked" }],
  ["failing", "a trial restore was in vain", { drill: drill("refuted") }],
  ["failing", "it is damaged", { drill: drill("damaged"), blocked: "locked" }],
  ["protected", "a trial restore passed", { drill: drill("passed") }],
  ["syncing", "and it was written since", {
    drill: drill("passed"),
    dirtySince: NOW,
  }],
  ["blocked", "the guard waits", { blocked: "locked" }],
  ["blocked", "a lock is told before a lag", { blocked: "x", dirtySince: 0 }],
  ["paused", "a person's word counts", { paused: true, error, dirtySince: 0 }],
  ["conflict", "two files", { duplicates: ["/b"], paused: true, error }],
  ["gone", "no file", { presence: "gone", duplicates: ["/b"], error }],
];

function drill(result: DrillResult): Drill {
  const problem = result === "passed" ? null : "cut off";
  return { at: NOW, result, txid: txidOf(1), problem };
}

for (const [status, name, said] of cases) {
  Deno.test(`status ${status}: ${name}`, () => {
    assert.equal(statusOf(someClient(said), NOW, rules), status);
  });
}

Deno.test("every status has a case", () => {
  const told = new Set(cases.map(([status]) => status));
  assert.deepEqual([...told].sort(), [...STATUSES].sort());
});

Deno.test("nobody is protected of whom anything is not known", () => {
  const txid = fc.option(fc.nat(3).map(txidOf));
  const said = fc.record({
    activity: fc.constantFrom<Client["activity"]>(
      "asleep",
      "waking",
      "awake",
      "drowsing",
    ),
    presence: fc.constantFrom<Client["presence"]>("present", "gone"),
    duplicates: fc.constantFrom([], ["/other.db"]),
    paused: fc.boolean(),
    proved: fc.boolean(),
    dirtySince: fc.option(fc.integer({ min: 0, max: 2 * NOW })),
    txid,
    replicatedTxid: txid,
    error: fc.constantFrom(null, error),
    blocked: fc.constantFrom(null, "locked"),
  });
  fc.assert(fc.property(said, (said) => {
    const good = said.presence === "present" && said.duplicates.length === 0 &&
      !said.paused && said.error === null && said.blocked === null &&
      said.proved && said.dirtySince === null && said.txid !== null &&
      said.replicatedTxid !== null && said.replicatedTxid >= said.txid;
    const status = statusOf(someClient(said), NOW, rules);
    assert.equal(status === "protected", good);
  }));
});
