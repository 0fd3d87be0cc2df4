import assert from "node:assert/strict";
import { FakeManager, idOf } from "../../tests/support/fake_manager.ts";
import { FirstBackups } from "./first_backups.ts";

const FILE = { sizeBytes: 8_192, changedAt: 0 };

function fleet(count: number) {
  let now = 1_000_000;
  const manager = new FakeManager({ now: () => now });
  const backups = new FirstBackups(manager.registry, { now: () => now });
  const ids = Array.from({ length: count }, (_, n) => idOf(n));
  for (const id of ids) manager.add(id, { path: `/srv/${id}.db`, ...FILE });
  return {
    manager,
    ids,
    pass: (ms: number) => now += ms,
    read: () => backups.progress.peek(),
    [Symbol.dispose]: () => backups[Symbol.dispose](),
  };
}

Deno.test("all that were found at once are counted", () => {
  using all = fleet(13);
  assert.deepEqual(all.read(), {
    total: 13,
    done: 0,
    perSecond: 0,
    secondsLeft: null,
  });
});

Deno.test("the rate is that of the last backups, and tells what is left", () => {
  using all = fleet(10);
  for (const id of all.ids.slice(0, 4)) {
    all.manager.prove(id);
    all.pass(500);
  }
  all.manager.prove(all.ids[4]!);
  const { total, done, perSecond, secondsLeft } = all.read()!;
  assert.deepEqual([total, done], [10, 5]);
  assert.equal(perSecond, 2.5);
  assert.equal(secondsLeft, 2);
});

Deno.test("who is paused or deleted is not waited for, and the end is the end", () => {
  using all = fleet(3);
  all.manager.pause(all.ids[0]!);
  const { path } = all.manager.registry.get(all.ids[1]!)!;
  all.manager.registry.discover({ kind: "lost", id: all.ids[1]!, path });
  assert.deepEqual([all.read()?.total, all.read()?.done], [1, 0]);
  all.manager.prove(all.ids[2]!);
  assert.equal(all.read(), null);
});
