import assert from "node:assert/strict";
import { found } from "../../tests/support/discovered.ts";
import { FakeManager } from "../../tests/support/fake_manager.ts";
import { totalsOf } from "./totals.ts";

const NOW = 1_000_000_000;

Deno.test("the longest waiting change and the worst client are told", () => {
  const manager = new FakeManager({ now: () => NOW });
  const [a, b, c, d] = manager.fill(5);
  manager.change(a!);
  manager.registry.observe(a!, { dirtySince: NOW - 5_000 });
  manager.change(b!);
  manager.registry.observe(b!, { dirtySince: NOW - 90_000 });
  manager.change(c!);
  manager.registry.observe(c!, { dirtySince: NOW - 70_000 });
  const late = totalsOf(manager, NOW);
  assert.equal(late.oldestUnsyncedSince, NOW - 90_000);
  assert.deepEqual(late.worst, { id: b, status: "lagging", note: null });
  manager.change(d!);
  manager.fail(d!, "x".repeat(5_000));
  const failing = totalsOf(manager, NOW);
  assert.equal(failing.worst?.id, d);
  assert.equal(failing.worst?.note?.length, 200);
  assert.ok(JSON.stringify(failing).length < 2_048);
});

Deno.test("a conflict of a client that is proved is found too", () => {
  const manager = new FakeManager({ now: () => NOW });
  const ids = manager.fill(5);
  const { path } = manager.registry.get(ids[3]!)!;
  manager.registry.discover(
    found({
      id: ids[3]!,
      path: `${path}.sqlite`,
      facts: {
        inode: 1n,
        size: 1n,
        modifiedNs: 0n,
        walSize: -1n,
        walModifiedNs: 0n,
        createdAt: null,
      },
    }),
  );
  assert.deepEqual(totalsOf(manager, NOW).worst, {
    id: ids[3],
    status: "conflict",
    note: "2 files claim this id",
  });
});

Deno.test("what is paused or gone waits for nothing", () => {
  const manager = new FakeManager({ now: () => NOW });
  const [a, b] = manager.fill(3);
  for (const id of [a!, b!]) manager.change(id);
  manager.pause(a!);
  const { path } = manager.registry.get(b!)!;
  manager.registry.discover({ kind: "lost", id: b!, path });
  const totals = totalsOf(manager, NOW);
  assert.equal(totals.oldestUnsyncedSince, null);
  assert.equal(totals.worst, null);
  assert.equal(totals.clients, 3);
});

Deno.test("requests of all methods are added up", () => {
  const manager = new FakeManager({ now: () => NOW });
  Object.assign(manager.requests, { PUT: 3, GET: 2, DELETE: 1 });
  assert.equal(totalsOf(manager, NOW).requests, 6);
});
