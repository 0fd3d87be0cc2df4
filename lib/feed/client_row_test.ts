import assert from "node:assert/strict";
import { someClient } from "../../tests/support/some_client.ts";
import type { Client } from "../domain/client.ts";
import { DRILL_HINTS } from "../domain/drill.ts";
import { txidOf } from "../domain/txid.ts";
import { noteOf } from "./client_row.ts";

const refuted = {
  at: 1,
  result: "refuted",
  txid: txidOf(1),
  problem: "cut off",
} as const;
const error = { message: "no such bucket", hint: null, at: 1 };

const cases: [name: string, said: Partial<Client>, note: string | null][] = [
  ["nothing to say", {}, null],
  ["two files", { status: "conflict", duplicates: ["/b"] }, "2 files claim"],
  ["a lock", { status: "blocked", blocked: "locked" }, "locked"],
  ["an error", { status: "failing", error }, "no such bucket"],
  [
    "an error with a hint",
    { status: "failing", error: { ...error, hint: "create it" } },
    "create it",
  ],
  [
    "a backup that does not restore",
    { status: "failing", drill: refuted },
    DRILL_HINTS.refuted,
  ],
  [
    "an error that keeps it from being uploaded anew",
    { status: "failing", drill: refuted, error },
    "no such bucket",
  ],
  [
    "a backup that restores",
    { drill: { ...refuted, result: "passed", problem: null } },
    null,
  ],
];

for (const [name, said, note] of cases) {
  Deno.test(`the note of a client: ${name}`, () => {
    const found = noteOf(someClient(said));
    if (note === null) assert.equal(found, null);
    else assert(found?.startsWith(note), String(found));
  });
}
