import assert from "node:assert/strict";
import { idOf } from "../../tests/support/fake_manager.ts";
import type { AuditEntry } from "../domain/action.ts";
import { AuditLog } from "./audit_log.ts";

Deno.test("the newest stands first; what concerned nobody is left out", () => {
  const log = new AuditLog({ now: () => 7 });
  log.note("pause", [idOf(1)], "10.0.0.1");
  log.note("resume", [], "10.0.0.1");
  log.note("snapshot", [idOf(2)], "10.0.0.2");
  assert.deepEqual(log.entries.map(({ action }) => action), [
    "snapshot",
    "pause",
  ]);
  assert.deepEqual(log.entries[1], {
    at: 7,
    action: "pause",
    ids: [idOf(1)],
    count: 1,
    from: "10.0.0.1",
  });
});

Deno.test("what was known comes after what is noted; only that is kept", () => {
  const kept: AuditEntry[] = [];
  const known: AuditEntry[] = [
    { at: 3, action: "pause", ids: [idOf(1)], count: 1, from: "::1" },
  ];
  const log = new AuditLog({
    known,
    keep: (entry) => kept.push(entry),
    now: () => 9,
  });
  log.note("resume", [idOf(1)], "::1");
  assert.deepEqual(log.entries.map(({ at }) => at), [9, 3]);
  assert.deepEqual(kept.map(({ at }) => at), [9]);
});

Deno.test("memory is bounded in entries and in their ids", () => {
  const log = new AuditLog();
  const ids = Array.from({ length: 100 }, (_, n) => idOf(n));
  for (let n = 0; n < 1_100; n++) log.note("pause", ids, "10.0.0.1");
  assert.equal(log.entries.length, 1_000);
  assert.equal(log.entries[0]?.ids.length, 20);
  assert.equal(log.entries[0]?.count, 100);
});
