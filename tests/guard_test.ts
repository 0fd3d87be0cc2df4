/**
 * The seam that matters most: what a sleeping client's application does while
 * nobody looks must be in the replica before the client is called protected
 * again. Real files, a real daemon, restores compared content for content.
 * @module
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { metaFolder } from "../lib/litestream/local_ltx.ts";
import { AppDatabase } from "./support/app_database.ts";
import { ManagerProcess } from "./support/manager_process.ts";
import { sharedS3 } from "./support/shared_s3.ts";
import { TempDir } from "./support/temp_dir.ts";

const s3 = await sharedS3();

Deno.test("a client whose WAL was restarted while it slept gets a full snapshot", async () => {
  await using dir = await TempDir.create("guard");
  await using manager = new ManagerProcess(dir);
  using app = await newApp(dir);
  await manager.start();
  const before = await manager.allAsleep(1);

  manager.freeze(true);
  // The stale tail of the old WAL still looks like the one that was read.
  app.insert(2, 300);
  assert(app.checkpoint("RESTART"));
  app.insert(1, 50);
  manager.freeze(false);

  await manager.report("it was woken", ({ wakes }) => wakes > before.wakes);
  const after = await manager.allAsleep(1);
  assert.equal(after.snapshots, before.snapshots + 1);
  assert.equal(await manager.restoredDigest(app.path), app.digest());
});

Deno.test("a WAL that was restarted while the manager was dead gets a full snapshot", async () => {
  await using dir = await TempDir.create("guard");
  await using manager = new ManagerProcess(dir);
  using app = await newApp(dir);
  await manager.start();
  await manager.allAsleep(1);
  await manager.kill();
  app.insert(2, 300);
  assert(app.checkpoint("TRUNCATE"));
  app.insert(1, 50);

  await manager.start();
  const after = await manager.allAsleep(1);
  assert.deepEqual(counts(after), { wakes: 1, snapshots: 1, settled: 0 });
  assert.equal(await manager.restoredDigest(app.path), app.digest());
});

Deno.test("a write while it slept is taken along without a snapshot", async () => {
  await using dir = await TempDir.create("guard");
  await using manager = new ManagerProcess(dir);
  using app = await newApp(dir);
  await manager.start();
  const before = await manager.allAsleep(1);
  app.insert(3, 300);
  await manager.report("it was woken", ({ wakes }) => wakes > before.wakes);
  const after = await manager.allAsleep(1);
  assert.equal(after.snapshots, before.snapshots);
  assert.equal(await manager.restoredDigest(app.path), app.digest());
});

Deno.test("a client that was only opened, read and closed costs no upload", async () => {
  await using dir = await TempDir.create("guard");
  await using manager = new ManagerProcess(dir);
  using app = await newApp(dir);
  await manager.start();
  const before = await manager.allAsleep(1);

  // The last to close checkpoints, and deletes the WAL.
  app.close();
  await assert.rejects(Deno.stat(`${app.path}-wal`), Deno.errors.NotFound);
  const settled = await manager.report(
    "it was settled",
    (report) => report.settled > before.settled,
  );
  const after = await manager.allAsleep(1);
  assert.equal(settled.wakes, before.wakes);
  assert.equal(after.uploads, before.uploads);
  {
    using reader = AppDatabase.open(app.path);
    assert.equal(reader.count(), 20);
  }
  // It may be back in its old state before anybody looks: time to notice.
  await delay(1_000);
  assert.equal((await manager.allAsleep(1)).uploads, before.uploads);
  assert.equal((await manager.allAsleep(1)).wakes, before.wakes);

  // A write into it is not taken for a read.
  app.reopen();
  app.insert(1);
  app.close();
  await manager.report("it was woken", ({ wakes }) => wakes > before.wakes);
  await manager.allAsleep(1);
  assert.equal(
    await manager.restoredDigest(app.path),
    digestOf(app.path),
  );
});

Deno.test("a restart without a change costs no upload", async () => {
  await using dir = await TempDir.create("guard");
  await using manager = new ManagerProcess(dir);
  using _one = await newApp(dir);
  using _two = await newApp(dir);
  await manager.start();
  await manager.allAsleep(2);
  for (const end of ["stop", "kill"] as const) {
    await manager[end]();
    await manager.start();
    const after = await manager.allAsleep(2);
    assert.equal(after.wakes, 0, `after ${end}`);
    assert.equal(after.uploads, 0, `after ${end}`);
  }
});

Deno.test("without the state database each client gets one snapshot, and is protected again", async () => {
  await using dir = await TempDir.create("guard");
  await using manager = new ManagerProcess(dir);
  using one = await newApp(dir);
  using two = await newApp(dir);
  using three = await newApp(dir);
  await manager.start();
  await manager.allAsleep(3);
  await manager.stop();
  for (const ending of ["", "-wal", "-shm"]) {
    await rm(`${dir.join("state", "state.db")}${ending}`, { force: true });
  }
  one.insert(2);

  await manager.start();
  const after = await manager.allAsleep(3);
  assert.deepEqual(counts(after), { wakes: 3, snapshots: 3, settled: 0 });
  for (const app of [one, two, three]) {
    assert.equal(await manager.restoredDigest(app.path), app.digest());
  }
});

for (const state of ["asleep", "awake"] as const) {
  Deno.test(`LTX files that vanish while a client is ${state} are made anew, with a snapshot`, async () => {
    await using dir = await TempDir.create("guard");
    await using manager = new ManagerProcess(dir, {
      config: { idleAfterMs: state === "awake" ? 600_000 : 300 },
    });
    using app = await newApp(dir);
    await manager.start();
    const before = await manager.allAsleep(1);
    if (state === "awake") {
      app.insert(1);
      await manager.report("it is awake", ({ awake }) => awake === 1);
      await isProtected(manager);
    }
    await rm(metaFolder(app.path), { recursive: true });
    app.insert(2);
    await manager.report(
      "a snapshot is written",
      ({ snapshots }) => snapshots > before.snapshots,
    );
    await isProtected(manager);
    assert.equal(await manager.restoredDigest(app.path), app.digest());
  });
}

Deno.test("a client whose application stands in the way is blocked, until it does no longer", async () => {
  await using dir = await TempDir.create("guard");
  await using manager = new ManagerProcess(dir);
  using app = await newApp(dir);
  await manager.start();
  await manager.allAsleep(1);
  manager.freeze(true);
  app.insert(2, 300);
  assert(app.checkpoint("RESTART"));
  app.insert(1, 50);
  using reader = AppDatabase.open(app.path);
  reader.run("BEGIN");
  reader.count();
  app.insert(1);
  manager.freeze(false);

  const { errors } = await manager.report(
    "it is blocked",
    ({ statuses }) => Object.values(statuses)[0] === "blocked",
  );
  assert.match(Object.values(errors)[0] ?? "", /application/);
  reader.run("COMMIT");
  await manager.allAsleep(1);
  assert.equal(await manager.restoredDigest(app.path), app.digest());
});

Deno.test("a client is never protected in a bucket that does not exist", async () => {
  await using dir = await TempDir.create("guard");
  const bucket = s3.uniquePrefix("none");
  await using manager = new ManagerProcess(dir, {
    config: {
      target: {
        kind: "s3",
        bucket,
        prefix: "databases",
        endpoint: s3.endpoint,
        region: "us-east-1",
      },
    },
    env: s3.env,
  });
  using app = await newApp(dir);
  await manager.start();
  const failing = await manager.report(
    "it says what is wrong",
    ({ errors }) => /NoSuchBucket/.test(Object.values(errors)[0] ?? ""),
  );
  assert.deepEqual(Object.values(failing.statuses), ["failing"]);
  app.insert(1);
  // It is tried again, and again says so.
  await manager.report("more tries", ({ lapses }) => lapses >= 3);
  const told = manager.reports.flatMap(({ statuses }) =>
    Object.values(statuses)
  );
  assert(!told.includes("protected"), told.join());

  // The bucket is made: it recovers by itself.
  await s3.createBucket(bucket);
  await manager.allAsleep(1);
  assert.equal(await manager.restoredDigest(app.path), app.digest());
});

async function newApp(dir: TempDir): Promise<AppDatabase> {
  const data = dir.join("data");
  await Deno.mkdir(data, { recursive: true });
  const app = AppDatabase.open(`${data}/${randomUUID()}.db`, {
    autoCheckpoint: 0,
  });
  app.insert(20, 200);
  return app;
}

async function isProtected(manager: ManagerProcess): Promise<void> {
  // A change may still be on its way to the watcher.
  const from = Date.now() + 2_000;
  await manager.report("it is protected", ({ at, statuses }) =>
    at > from &&
    Object.values(statuses).every((status) => status === "protected"));
}

function digestOf(path: string): string {
  using app = AppDatabase.open(path);
  return app.digest();
}

function counts(
  { wakes, snapshots, settled }: ManagerProcess["reports"][number],
) {
  return { wakes, snapshots, settled };
}
