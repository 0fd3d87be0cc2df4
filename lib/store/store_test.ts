import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { someId } from "../../tests/support/some_client.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { until } from "../../tests/support/until.ts";
import { txidOf } from "../domain/txid.ts";
import { LineSplitter } from "../domain/line_splitter.ts";
import { Store, type StoredClient } from "./store.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const TARGET = "file|/srv|databases";
const full: StoredClient = {
  id: someId(1),
  path: "/data/größe.db",
  proved: true,
  identity: "7@5",
  txid: txidOf(7),
  replicatedTxid: txidOf(7),
  fingerprint: "1:2:3:4:5",
  digest: "abc",
  lastSyncedAt: 1_700_000_000_000,
  sizeBytes: 2 ** 40,
  paused: true,
  snapshotTxid: txidOf(3),
  housekeptAt: 1_700_000_000_001,
};

Deno.test("what was saved is there after a restart, field for field", async () => {
  await using dir = await TempDir.create("store");
  const file = dir.join("state.db");
  {
    using store = Store.open(file, TARGET);
    assert.equal(store.get(full.id), undefined);
    store.save(full);
    assert.deepEqual(store.get(full.id), full);
    store.save({ id: someId(2), path: "/data/b.db" });
  }
  using store = Store.open(file, TARGET);
  assert.deepEqual({ ...store.get(full.id) }, full);
  assert.deepEqual({ ...store.get(someId(2)) }, {
    ...empty(),
    id: someId(2),
    path: "/data/b.db",
  });
  assert.equal([...store.rows()].length, 2);
});

Deno.test("all rows are there after a restart, however many pages they fill", async () => {
  for (const count of [999, 1_000, 1_001, 2_500]) {
    await using dir = await TempDir.create("store");
    const file = dir.join("state.db");
    const ids = Array.from({ length: count }, (_, n) => someId(n));
    {
      using store = Store.open(file, TARGET);
      for (const id of ids) store.save({ id, path: `/data/${id}.db` });
    }
    using store = Store.open(file, TARGET);
    assert.deepEqual([...store.rows()].map(({ id }) => id).sort(), ids);
  }
});

Deno.test("a save changes what it says and nothing else", async () => {
  await using dir = await TempDir.create("store");
  using store = Store.open(dir.join("state.db"), TARGET);
  store.save(full);
  store.save({ id: full.id, path: full.path, paused: false });
  assert.deepEqual(store.get(full.id), { ...full, paused: false });
});

Deno.test("saves are written together, by themselves, after a while", async () => {
  await using dir = await TempDir.create("store");
  const file = dir.join("state.db");
  using store = Store.open(file, TARGET);
  for (let number = 1; number <= 50; number++) {
    store.save({ id: someId(number), path: `/data/${number}.db` });
  }
  assert.equal(onDisk(file).length, 0);
  const counts = new Set<number>();
  await until("all of them are on disk", () => {
    counts.add(onDisk(file).length);
    return counts.has(50);
  }, { everyMs: 5 });
  assert.deepEqual([...counts].filter((count) => ![0, 50].includes(count)), []);
});

Deno.test("what cannot be written is tried again, a mark says so", async () => {
  await using dir = await TempDir.create("store");
  const file = dir.join("state.db");
  using store = Store.open(file, TARGET);
  using other = new DatabaseSync(file);
  const rename = (from: string, to: string) =>
    other.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
  rename("clients", "aside");
  const { id, path } = full;
  await assert.rejects(store.markUnproved({ id, path }), /no such table/);
  store.save(full);
  await delay(500);
  rename("aside", "clients");
  await until("it is on disk", () => onDisk(file).length === 1);
});

Deno.test("a mark is on disk when it says so, with all of that moment", async () => {
  await using dir = await TempDir.create("store");
  const file = dir.join("state.db");
  using store = Store.open(file, TARGET);
  store.save({ ...full, id: someId(1) });
  store.save({ ...full, id: someId(2) });
  store.flush();
  const marks = [1, 2, 3].map((number) =>
    store.markUnproved({ id: someId(number), path: `/data/${number}.db` })
  );
  await marks[0];
  assert.deepEqual(
    onDisk(file).map(({ id, proved, fingerprint, digest }) => ({
      id,
      proved,
      fingerprint,
      digest,
    })),
    [1, 2, 3].map((number) => ({
      id: someId(number),
      proved: 0,
      fingerprint: null,
      digest: null,
    })),
  );
  await Promise.all(marks);
  // What is marked later waits for a writing of its own.
  await store.markUnproved({ id: someId(4), path: "/data/4.db" });
  assert.equal(onDisk(file).length, 4);
});

Deno.test("a mark outlives a SIGKILL, a proof before it does not", async () => {
  await using dir = await TempDir.create("store");
  const file = dir.join("state.db");
  const module = new URL("./store.ts", import.meta.url);
  const script = dir.join("child.ts");
  await Deno.writeTextFile(
    script,
    `import { Store } from ${JSON.stringify(module.href)};
     const store = Store.open(${JSON.stringify(file)}, ${
      JSON.stringify(TARGET)
    });
     const full = ${JSON.stringify(full)};
     store.save(full);
     store.flush();
     await store.markUnproved(full);
     Deno.stdout.writeSync(new TextEncoder().encode("marked\\n"));
     store.save({ ...full, proved: true });
     await new Promise(() => setInterval(() => {}, 1e6));`,
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", CONFIG, script],
    stdout: "piped",
  }).spawn();
  const lines = child.stdout.pipeThrough(new LineSplitter());
  for await (const line of lines) {
    assert.equal(line, "marked");
    child.kill("SIGKILL");
  }
  assert.equal((await child.status).signal, "SIGKILL");

  using store = Store.open(file, TARGET);
  const { proved, fingerprint, digest, txid } = store.get(full.id)!;
  assert.deepEqual({ proved, fingerprint, digest, txid }, {
    proved: false,
    fingerprint: null,
    digest: null,
    txid: full.txid,
  });
});

Deno.test("what was proved of one target is forgotten for another", async () => {
  await using dir = await TempDir.create("store");
  const file = dir.join("state.db");
  Store.open(file, TARGET)[Symbol.dispose]();
  {
    using store = Store.open(file, TARGET);
    store.save(full);
  }
  {
    using store = Store.open(file, "s3||other|databases");
    assert.deepEqual({ ...store.get(full.id) }, {
      ...empty(),
      id: full.id,
      path: full.path,
      txid: full.txid,
      sizeBytes: full.sizeBytes,
      paused: true,
    });
  }
  // And not remembered when the first comes back: who knows what happened there.
  using store = Store.open(file, TARGET);
  assert.equal(store.get(full.id)?.proved, false);
});

Deno.test("a client that is removed stays away", async () => {
  await using dir = await TempDir.create("store");
  const file = dir.join("state.db");
  {
    using store = Store.open(file, TARGET);
    store.save(full);
    store.flush();
    store.save({ ...full, paused: false });
    store.remove(full.id);
    assert.equal(store.get(full.id), undefined);
  }
  using store = Store.open(file, TARGET);
  assert.deepEqual([...store.rows()], []);
});

Deno.test("tables of another format are begun anew", async () => {
  await using dir = await TempDir.create("store");
  const file = dir.join("state.db");
  {
    using db = new DatabaseSync(file);
    db.exec("CREATE TABLE clients(x); PRAGMA user_version = 99");
  }
  using store = Store.open(file, TARGET);
  store.save(full);
  store.flush();
  assert.equal(onDisk(file).length, 1);
});

const damages: Record<string, (file: string) => Promise<void>> = {
  "is no database": (file) => Deno.writeTextFile(file, "garbage ".repeat(999)),
  "has a broken first page": (file) => overwrite(file, 100, 3_000),
  "has broken pages after the first": (file) => overwrite(file, 4096, 1 << 20),
  "has a broken table of clients": async (file) => {
    using db = new DatabaseSync(file);
    const page = db.prepare(
      "SELECT rootpage FROM sqlite_schema WHERE name = 'clients'",
    ).get()?.rootpage as number;
    db.close();
    await overwrite(file, (page - 1) * 4096, 4096);
  },
};

for (const [name, damage] of Object.entries(damages)) {
  Deno.test(`a state database that ${name} is put aside`, async () => {
    await using dir = await TempDir.create("store");
    const file = dir.join("state.db");
    {
      using store = Store.open(file, TARGET);
      for (let number = 1; number <= 200; number++) {
        store.save({ ...full, id: someId(number) });
      }
    }
    await damage(file);
    const damaged = await Deno.readFile(file);
    {
      using store = Store.open(file, TARGET);
      assert.deepEqual([...store.rows()], []);
      store.save(full);
    }
    assert.deepEqual(await Deno.readFile(`${file}.broken`), damaged);
    using store = Store.open(file, TARGET);
    assert.deepEqual({ ...store.get(full.id) }, full);
  });
}

Deno.test("a folder that is not there is no broken database", () => {
  assert.throws(() => Store.open("/nonexistent/state.db", TARGET), /open/);
});

/** What another connection reads. */
function onDisk(file: string) {
  using db = new DatabaseSync(file, { readOnly: true });
  return db.prepare("SELECT * FROM clients ORDER BY id").all();
}

async function overwrite(file: string, from: number, most: number) {
  using handle = await Deno.open(file, { read: true, write: true });
  const { size } = await handle.stat();
  const bytes = new Uint8Array(Math.max(0, Math.min(most, size - from)));
  await handle.seek(from, Deno.SeekMode.Start);
  await handle.write(bytes.fill(0xa5));
}

function empty(): Omit<StoredClient, "id" | "path"> {
  return {
    proved: false,
    identity: null,
    txid: null,
    replicatedTxid: null,
    fingerprint: null,
    digest: null,
    lastSyncedAt: null,
    sizeBytes: 0,
    paused: false,
    snapshotTxid: null,
    housekeptAt: null,
  };
}
