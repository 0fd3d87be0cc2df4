/**
 * Rules: while a client sleeps, a person puts files back past SQLite: over the
 * database in place, or an older copy of the whole folder. What is called
 * protected then is what a restore brings.
 * @module
 */
import assert from "node:assert/strict";
import { cp, rename, rm } from "node:fs/promises";
import { AppDatabase } from "./support/app_database.ts";
import { ManagerProcess } from "./support/manager_process.ts";
import { someId } from "./support/some_client.ts";
import { TempDir } from "./support/temp_dir.ts";

Deno.test("a file that is overwritten in place while it sleeps, and then written, gets a full snapshot", async () => {
  await using dir = await TempDir.create("overwritten");
  await using manager = new ManagerProcess(dir);
  const path = dir.join("data", `${someId(1)}.db`);
  const yesterday = dir.join("yesterday.db");
  await makeYesterday(path, yesterday);
  {
    using app = AppDatabase.open(path);
    app.update(1);
    assert(app.checkpoint("TRUNCATE"));
    await manager.start();
    await manager.allAsleep(1);
    app.run("UPDATE other SET name = 'b'");
    await manager.report("it is awake", ({ awake }) => awake === 1);
    // Closed while Litestream has it: its WAL stays.
  }
  const before = await manager.allAsleep(1);
  assert((await Deno.stat(`${path}-wal`)).size > 0);
  const { ino } = await Deno.stat(path);

  const from = manager.reports.length;
  // Nobody looks in between.
  manager.freeze(true);
  await Deno.copyFile(yesterday, path);
  assert.equal((await Deno.stat(path)).ino, ino);
  using app = AppDatabase.open(path);
  app.run("UPDATE other SET name = 'c'");
  manager.freeze(false);

  await manager.report(
    "a snapshot is written",
    ({ snapshots }) => snapshots > before.snapshots,
  );
  await manager.allAsleep(1);
  assertNoClaim(manager, from, before.snapshots);
  assert.equal(await manager.restoredDigest(path), app.digest());
});

Deno.test("an older copy of the whole folder that comes back gets a full snapshot", async () => {
  await using dir = await TempDir.create("overwritten");
  await using manager = new ManagerProcess(dir);
  const path = dir.join("data", `${someId(1)}.db`);
  await Deno.mkdir(dir.join("data"));
  {
    using app = AppDatabase.open(path, { autoCheckpoint: 0 });
    app.insert(20, 300);
    await manager.start();
    await manager.allAsleep(1);
    await manager.stop();
    await cp(dir.join("data"), dir.join("older"), {
      recursive: true,
      preserveTimestamps: true,
    });
    await manager.start();
    app.insert(5, 300);
    await manager.report("it was woken", ({ wakes }) => wakes > 0);
    await manager.allAsleep(1);
    await manager.stop();
  }
  await rm(dir.join("data"), { recursive: true });
  await rename(dir.join("older"), dir.join("data"));

  const first = await manager.start();
  assert.equal(first.snapshots, 0);
  const after = await manager.allAsleep(1);
  assert.equal(after.snapshots, 1);
  using app = AppDatabase.open(path, { autoCheckpoint: 0 });
  assert.equal(app.count(), 20);
  assert.equal(await manager.restoredDigest(path), app.digest());
});

/** A database and a copy of it, with all tables that Litestream would add. */
async function makeYesterday(path: string, copy: string): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  {
    using app = AppDatabase.open(path);
    app.insert(200, 100);
    app.run("CREATE TABLE other(name TEXT)");
    app.run("INSERT INTO other VALUES ('a')");
    app.run(
      "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)",
    );
    app.run("CREATE TABLE _litestream_lock (id INTEGER)");
  }
  await Deno.copyFile(path, copy);
}

/** From when the change was noticed until the snapshot, it was not protected. */
function assertNoClaim(
  { reports }: ManagerProcess,
  from: number,
  snapshots: number,
): void {
  const later = reports.slice(from);
  const noticed = later.findIndex(({ statuses }) =>
    statuses[someId(1)] !== "protected"
  );
  assert(noticed >= 0, "nobody noticed");
  const claim = later.slice(noticed).find(({ statuses }) =>
    statuses[someId(1)] === "protected"
  );
  assert(claim!.snapshots > snapshots, "protected without a snapshot");
}
