import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { someId } from "../../tests/support/some_client.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import type { AuditEntry } from "../domain/action.ts";
import { ActionTable } from "./action_table.ts";
import { Store } from "./store.ts";

const TARGET = "file|/srv|databases";
const entry = (at: number): AuditEntry => ({
  at,
  action: "snapshot",
  ids: [someId(at), someId(at + 1)],
  count: 30,
  from: "::1",
});

Deno.test("who did what is there after a restart, newest first", async () => {
  await using dir = await TempDir.create("actions");
  const file = dir.join("state.db");
  {
    using store = Store.open(file, TARGET);
    store.keepAction(entry(1));
    store.keepAction(entry(2));
  }
  // Neither another bucket nor a second start takes it away.
  using store = Store.open(file, "file|/other|databases");
  assert.deepEqual(store.actions(), [entry(2), entry(1)]);
});

Deno.test("a state folder from before keeps its clients, and gets the table", async () => {
  await using dir = await TempDir.create("actions");
  const file = dir.join("state.db");
  {
    using store = Store.open(file, TARGET);
    store.save({ id: someId(1), path: "/a.db" });
  }
  {
    using db = new DatabaseSync(file);
    db.exec("DROP TABLE activity");
  }
  using store = Store.open(file, TARGET);
  assert.equal(store.get(someId(1))?.path, "/a.db");
  assert.deepEqual(store.actions(), []);
  store.keepAction(entry(1));
  store.flush();
  assert.deepEqual(store.actions(), [entry(1)]);
});

Deno.test("the table keeps the newest thousand", () => {
  using db = new DatabaseSync(":memory:");
  const table = new ActionTable(db);
  for (let n = 0; n < 1_200; n += 100) {
    table.add(Array.from({ length: 100 }, (_, index) => entry(n + index)));
  }
  const kept = table.read();
  assert.equal(kept.length, 1_000);
  assert.deepEqual([kept.at(0)?.at, kept.at(-1)?.at], [1_199, 200]);
  const { n } = db.prepare("SELECT count(*) AS n FROM activity").get()!;
  assert.equal(n, 1_000);
});

Deno.test("an action that this version does not know is left out", () => {
  using db = new DatabaseSync(":memory:");
  const table = new ActionTable(db);
  db.exec("INSERT INTO activity VALUES (1, 'purge', '', 1, '::1')");
  table.add([entry(2)]);
  assert.deepEqual(table.read(), [entry(2)]);
});
