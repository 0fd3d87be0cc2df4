import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { AppDatabase, checkpointModes, contentDigest } from "./app_database.ts";
import { TempDir } from "./temp_dir.ts";

Deno.test("a digest follows the content, not the pages", async () => {
  await using dir = await TempDir.create("digest");
  using app = AppDatabase.open(dir.join("a.db"));
  app.insert(100, 500);
  const before = app.digest();
  for (const mode of checkpointModes) assert.equal(app.checkpoint(mode), true);
  app.reopen();
  app.vacuum();
  assert.equal(app.digest(), before);
  app.update();
  const updated = app.digest();
  assert.notEqual(updated, before);
  app.delete();
  assert.notEqual(app.digest(), updated);
  assert.equal(app.count(), 90);
  assert.equal(app.integrityCheck(), "ok");
});

Deno.test("a digest leaves Litestream's own tables out", async () => {
  await using dir = await TempDir.create("digest");
  const path = dir.join("a.db");
  using app = AppDatabase.open(path);
  app.insert(3);
  const before = app.digest();
  app.run("CREATE TABLE _litestream_seq(id INTEGER PRIMARY KEY, seq INTEGER)");
  app.run("INSERT INTO _litestream_seq VALUES (1, 1)");
  assert.equal(app.digest(), before);
  app.close();
  assert.equal(contentDigest(path), before);
});

Deno.test("a digest tells a value of another type, and a table more", async () => {
  await using dir = await TempDir.create("digest");
  using app = AppDatabase.open(dir.join("a.db"));
  const digests = new Set<string>();
  for (const value of ["'1'", "1", "1.5", "x'31'", "NULL", "''", "x''"]) {
    app.run(`CREATE TABLE t(v); `);
    app.run(`INSERT INTO t VALUES (${value})`);
    digests.add(app.digest());
    app.run("DROP TABLE t");
  }
  digests.add(app.digest());
  assert.equal(digests.size, 8);
});

Deno.test("both journals leave what SQLite leaves", async () => {
  await using dir = await TempDir.create("journal");
  using wal = AppDatabase.open(dir.join("wal.db"), { pageSize: 1024 });
  wal.insert();
  assert.ok(existsSync(dir.join("wal.db-wal")));
  assert.equal(wal.get("PRAGMA page_size")?.["page_size"], 1024);
  wal.close();
  assert.ok(
    !existsSync(dir.join("wal.db-wal")),
    "the last to close deletes it",
  );
  using rollback = AppDatabase.open(dir.join("delete.db"), {
    journal: "delete",
  });
  rollback.insert();
  assert.ok(!existsSync(dir.join("delete.db-wal")));
});

Deno.test("a checkpoint that a reader holds up says so", async () => {
  await using dir = await TempDir.create("busy");
  using app = AppDatabase.open(dir.join("a.db"));
  app.run("PRAGMA busy_timeout = 50");
  const reader = new DatabaseSync(dir.join("a.db"));
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM items").get();
  app.insert();
  assert.equal(app.checkpoint("TRUNCATE"), false);
  reader.close();
  assert.equal(app.checkpoint("TRUNCATE"), true);
});

Deno.test("a damaged file has no digest", async () => {
  await using dir = await TempDir.create("damaged");
  const path = dir.join("a.db");
  const app = AppDatabase.open(path);
  app.insert(1000, 200);
  app.close();
  const file = await Deno.open(path, { write: true });
  await file.seek(20_000, Deno.SeekMode.Start);
  await file.write(new Uint8Array(8192).fill(0xaa));
  file.close();
  assert.throws(() => contentDigest(path), /malformed|Integrity check/);
});
