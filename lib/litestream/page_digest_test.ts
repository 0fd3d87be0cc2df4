import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFile, readFile, rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import {
  AppDatabase,
  type CheckpointMode,
  checkpointModes,
} from "../../tests/support/app_database.ts";
import { Dice, seededRandom } from "../../tests/support/random.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { pageDigest } from "./page_digest.ts";

for (const pageSize of [512, 4096, 65536]) {
  for (const mode of checkpointModes) {
    Deno.test(`with pages of ${pageSize} bytes a ${mode} checkpoint leaves the digest as it was`, async () => {
      await using dir = await TempDir.create("digest");
      const path = dir.join("app.db");
      using app = open(path, pageSize);
      app.insert(40, 500);
      const before = await pageDigest(path);
      assert.match(before ?? "", /^[0-9a-f]{64}$/);
      assert(app.checkpoint(mode));
      assert.equal(await pageDigest(path), before);
    });
  }

  Deno.test(`with pages of ${pageSize} bytes opening, reading and closing leaves the digest as it was`, async () => {
    await using dir = await TempDir.create("digest");
    const path = dir.join("app.db");
    using app = open(path, pageSize);
    app.insert(40, 500);
    const before = await pageDigest(path);
    // The last to close checkpoints and deletes the WAL.
    app.close();
    assert.equal(await pageDigest(path), before);
    using reader = open(path, pageSize);
    assert.equal(reader.count(), 40);
    assert.equal(await pageDigest(path), before);
    reader.close();
    assert.equal(await pageDigest(path), before);
  });
}

const writes: Record<string, (app: AppDatabase) => void> = {
  "a row": (app) => app.insert(1),
  "one byte": (app) => app.run("UPDATE items SET at = at + 1 WHERE id = 1"),
  "a deleted row": (app) => app.run("DELETE FROM items WHERE id = 7"),
  "a table": (app) => app.run("CREATE TABLE more(x)"),
  "a setting in the header": (app) => app.run("PRAGMA user_version = 3"),
};

for (const [name, write] of Object.entries(writes)) {
  for (const mode of [null, ...checkpointModes]) {
    Deno.test(`${name} changes the digest, ${mode ?? "no"} checkpoint after it`, async () => {
      await using dir = await TempDir.create("digest");
      const path = dir.join("app.db");
      using app = open(path);
      app.insert(20, 100);
      const before = await pageDigest(path);
      write(app);
      if (mode !== null) app.checkpoint(mode);
      assert.notEqual(await pageDigest(path), before);
    });
  }
}

Deno.test("what is not committed does not count", async () => {
  await using dir = await TempDir.create("digest");
  const path = dir.join("app.db");
  using app = open(path);
  app.insert(20, 100);
  const before = await pageDigest(path);
  const size = walSize(path);
  using writer = new DatabaseSync(path);
  writer.exec("PRAGMA cache_size = 5; BEGIN IMMEDIATE");
  const insert = writer.prepare(
    "INSERT INTO items(at, name, body) VALUES (1, 'x', zeroblob(3000))",
  );
  for (let row = 0; row < 100; row++) insert.run();
  assert(walSize(path) > size, "nothing was spilled");
  assert.equal(await pageDigest(path), before);
  writer.exec("ROLLBACK");
  assert.equal(await pageDigest(path), before);
});

Deno.test("two digests are equal exactly when the files are that SQLite makes", async () => {
  const seed = 20261122;
  const dice = new Dice(seededRandom(seed));
  await using dir = await TempDir.create("digest");
  const path = dir.join("app.db");
  using app = open(path);
  app.insert(30, 200);
  let before = await state(app, dir);
  const seen = { same: 0, other: 0 };
  for (let step = 0; step < 60; step++) {
    const work = dice.pick<[string, () => void]>([
      ["insert", () => app.insert(dice.between(1, 3), dice.between(1, 900))],
      ["update", () => app.update(dice.between(2, 50))],
      ["same value", () => app.run("UPDATE items SET at = at WHERE id = 1")],
      ["checkpoint", () => app.checkpoint(dice.pick(checkpointModes))],
      [
        "checkpoint",
        () =>
          app.checkpoint(dice.pick<CheckpointMode>(["RESTART", "TRUNCATE"])),
      ],
      ["reopen", () => app.reopen()],
      ["nothing", () => {}],
      ["vacuum", () => app.vacuum()],
    ]);
    work[1]();
    const after = await state(app, dir);
    const same = after.pages === before.pages;
    seen[same ? "same" : "other"]++;
    assert.equal(
      after.digest === before.digest,
      same,
      `step ${step} of seed ${seed}: ${work[0]}`,
    );
    before = after;
  }
  assert(seen.same > 5 && seen.other > 5, JSON.stringify(seen));
});

Deno.test("there is no digest of what is no database, or is cut off", async () => {
  await using dir = await TempDir.create("digest");
  const path = dir.join("app.db");
  await Deno.writeTextFile(path, "");
  assert.equal(await pageDigest(path), null);
  await Deno.writeTextFile(path, "no database ".repeat(100));
  assert.equal(await pageDigest(path), null);
  await assert.rejects(pageDigest(dir.join("none.db")), Deno.errors.NotFound);

  const whole = dir.join("whole.db");
  {
    using app = open(whole);
    app.insert(50, 500);
  }
  assert.notEqual(await pageDigest(whole), null);
  using app = open(whole);
  app.insert(1);
  app.checkpoint("PASSIVE");
  // The WAL says how many pages there are; the file no longer has them.
  await Deno.truncate(whole, 4096);
  assert.equal(await pageDigest(whole), null);
});

/** The digest, and the file that SQLite itself makes of a copy and its WAL. */
async function state(app: AppDatabase, dir: TempDir) {
  const digest = await pageDigest(app.path);
  const copy = dir.join("copy.db");
  for (const ending of ["", "-wal"]) {
    await rm(copy + ending, { force: true });
    await copyFile(app.path + ending, copy + ending).catch((error) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
  // Closing it writes the WAL into it.
  const db = new DatabaseSync(copy);
  db.prepare("SELECT count(*) FROM items").get();
  db.close();
  const pages = createHash("sha256").update(await readFile(copy)).digest("hex");
  return { digest, pages };
}

function open(path: string, pageSize = 4096): AppDatabase {
  return AppDatabase.open(path, { pageSize, autoCheckpoint: 0 });
}

function walSize(path: string): number {
  return Deno.statSync(`${path}-wal`).size;
}
