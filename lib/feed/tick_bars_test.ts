import assert from "node:assert/strict";
import { txidOf } from "../domain/txid.ts";
import { FakeManager, idOf } from "../../tests/support/fake_manager.ts";
import { TickBars } from "./tick_bars.ts";

const MINUTE = 60_000;

function watched() {
  const clock = { now: 1_000 * MINUTE };
  const manager = new FakeManager({ now: () => clock.now });
  const [id] = manager.fill(1);
  const bars = new TickBars({ now: () => clock.now });
  manager.registry.onChange((after, before) => bars.note(after, before));
  return { clock, manager, bars, id: id! };
}

Deno.test("a minute shows the gravest of what happened in it", () => {
  const { clock, manager, bars, id } = watched();
  assert.equal(bars.read(id), "");
  manager.change(id);
  assert.match(bars.read(id), /^0{59}1$/);
  manager.prove(id);
  assert.match(bars.read(id), /^0{59}2$/);
  clock.now += MINUTE;
  manager.change(id);
  assert.match(bars.read(id), /^0{58}21$/);
});

Deno.test("trouble goes on until it ends, although nothing is heard", () => {
  const { clock, manager, bars, id } = watched();
  manager.fail(id, "no such bucket");
  clock.now += 3 * MINUTE;
  assert.match(bars.read(id), /^0{56}4444$/);
  manager.prove(id);
  clock.now += 2 * MINUTE;
  assert.match(bars.read(id), /^0{54}444400$/);
});

Deno.test("an hour later nothing is left, in the bar and in memory", () => {
  const { clock, manager, bars, id } = watched();
  manager.change(id);
  manager.prove(id);
  assert.equal(bars.size, 1);
  clock.now += 61 * MINUTE;
  assert.equal(bars.read(id), "");
  assert.equal(bars.size, 0);
});

Deno.test("only the clients that changed last are kept", () => {
  const manager = new FakeManager();
  const ids = manager.fill(5);
  const bars = new TickBars({ limit: 3 });
  manager.registry.onChange((after, before) => bars.note(after, before));
  for (const id of [...ids, ids[2]!]) manager.change(id);
  assert.equal(bars.size, 3);
  assert.equal(bars.read(ids[0]!), "");
  assert.notEqual(bars.read(ids[2]!), "");
  manager.registry.observe(ids[2]!, { replicatedTxid: txidOf(99) });
  assert.equal(bars.read(idOf(999)), "");
});
