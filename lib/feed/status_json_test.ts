import assert from "node:assert/strict";
import { FakeManager } from "../../tests/support/fake_manager.ts";
import { clientJson, statusJson, uptime } from "./status_json.ts";

Deno.test("uptime has two units at most", () => {
  const cases = [
    [-1, "0s"],
    [7_000, "7s"],
    [250_000, "4m 10s"],
    [7_380_000, "2h 3m"],
    [183_600_000, "2d 3h"],
    [86_400_000, "1d 0h"],
  ] as const;
  for (const [ms, text] of cases) assert.equal(uptime(ms), text);
});

Deno.test("the pieces together are JSON, also while clients come and go", () => {
  const manager = new FakeManager();
  const ids = manager.fill(1_100);
  let text = "";
  for (const piece of statusJson(manager, Date.now)) {
    text += piece;
    const lost = ids.pop()!;
    const { path } = manager.registry.get(lost)!;
    manager.registry.discover({ kind: "lost", id: lost, path });
    manager.registry.forget(lost);
  }
  const { clients } = JSON.parse(text);
  assert.ok(clients.length > 1_000 && clients.length < 1_100);
});

Deno.test("without clients the list is empty, not broken", () => {
  const text = [...statusJson(new FakeManager(), Date.now)].join("");
  assert.deepEqual(JSON.parse(text).clients, []);
});

Deno.test("times that are not known are null", () => {
  const manager = new FakeManager();
  const [id] = manager.fill(1);
  const client = manager.registry.get(id!)!;
  const json = clientJson(
    { ...client, createdAt: null, lastSyncedAt: null, lastChangedAt: null },
    manager.config.target,
    0,
  );
  assert.deepEqual(
    [json.createdAt, json.lastSyncedAt, json.lastChangedAt, json.errorAt],
    [null, null, null, null],
  );
});
