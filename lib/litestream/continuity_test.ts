import assert from "node:assert/strict";
import { copyFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppDatabase } from "../../tests/support/app_database.ts";
import { Dice, seededRandom } from "../../tests/support/random.ts";
import { replicateOnce } from "../../tests/support/replicated.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { txidOf } from "../domain/txid.ts";
import { type Finding, look } from "./continuity.ts";
import { lastLtx, metaFolder, resetLocalLtx } from "./local_ltx.ts";

const cases: [
  name: string,
  work: (app: AppDatabase) => void | Promise<void>,
  kind: Finding["kind"],
  why?: RegExp,
][] = [
  ["nothing happened", () => {}, "clean"],
  ["the application read", (app) => void app.count(), "clean"],
  ["the application wrote", (app) => app.insert(1), "ahead"],
  [
    "a transaction was rolled back",
    (app) => {
      app.run("BEGIN");
      app.run("DELETE FROM items");
      app.run("ROLLBACK");
    },
    "clean",
  ],
  [
    "it wrote and checkpointed into the file, and nothing restarted the WAL",
    (app) => {
      app.insert(1);
      app.checkpoint("PASSIVE");
    },
    "ahead",
  ],
  [
    "it emptied the WAL",
    (app) => void app.checkpoint("TRUNCATE"),
    "broken",
    /gone/,
  ],
  [
    "it restarted the WAL",
    (app) => {
      app.checkpoint("RESTART");
      app.insert(1);
    },
    "broken",
    /restarted/,
  ],
  [
    "it wrote, restarted the WAL, and the old tail stands behind",
    (app) => {
      app.insert(3, 3_000);
      app.checkpoint("RESTART");
      app.insert(1, 10);
    },
    "broken",
    /restarted/,
  ],
  [
    "it was closed, and the WAL deleted",
    (app) => app.close(),
    "broken",
    /gone/,
  ],
  [
    "it was closed and opened again",
    (app) => {
      app.reopen();
      app.insert(1);
    },
    "broken",
    /restarted/,
  ],
  [
    "the WAL was cut off",
    ({ path }) => Deno.truncate(`${path}-wal`, 32 + 4120),
    "broken",
    /shorter/,
  ],
  [
    "Litestream's files are gone",
    ({ path }) => resetLocalLtx(path),
    "new",
  ],
];

for (const [name, work, kind, why] of cases) {
  Deno.test(`when ${name}, the finding is ${kind}`, async () => {
    await using dir = await TempDir.create("look");
    using app = await synced(dir);
    assert.equal((await look(app.path)).kind, "clean");
    await work(app);
    const finding = await look(app.path);
    assert.equal(finding.kind, kind);
    if (finding.kind === "broken") assert.match(finding.why, why!);
    if (finding.kind !== "new") assert.equal(finding.tip?.maxTxid, txidOf(1));
  });
}

Deno.test("a database that Litestream never saw is new", async () => {
  await using dir = await TempDir.create("look");
  using app = AppDatabase.open(dir.join("app.db"));
  assert.deepEqual(await look(app.path), { kind: "new" });
  await Deno.mkdir(join(metaFolder(app.path), "ltx", "0"), { recursive: true });
  assert.deepEqual(await look(app.path), { kind: "new" });
});

Deno.test("after any work clean means that nothing is missing, and ahead that something is", async () => {
  const seed = 20261122;
  const dice = new Dice(seededRandom(seed));
  await using dir = await TempDir.create("look");
  using app = await synced(dir);
  const seen: Record<Finding["kind"], number> = {
    new: 0,
    clean: 0,
    ahead: 0,
    broken: 0,
  };
  let written = false;
  for (let step = 0; step < 60; step++) {
    const work = dice.pick<[name: string, writes: boolean, () => void]>([
      ["insert", true, () => app.insert(dice.between(1, 4), 500)],
      ["update", true, () => app.update(3)],
      ["read", false, () => app.count()],
      ["checkpoint", false, () => app.checkpoint("PASSIVE")],
      ["restart", false, () => app.checkpoint("RESTART")],
      ["reopen", false, () => app.reopen()],
    ]);
    work[2]();
    written ||= work[1];
    const { kind } = await look(app.path);
    seen[kind]++;
    const told = `step ${step} of seed ${seed}, after ${work[0]}: ${kind}`;
    assert.notEqual(kind, "new", told);
    if (kind === "clean") assert(!written, told);
    if (kind === "ahead") assert(written, told);
    if (kind === "broken" || dice.chance(0.2)) {
      await sync(app, dir);
      written = false;
      const after = await look(app.path);
      assert.equal(after.kind, "clean", told);
    }
  }
  for (const kind of ["clean", "ahead", "broken"] as const) {
    assert(seen[kind] > 3, JSON.stringify(seen));
  }
});

Deno.test("the last LTX file is found with or without one that is known", async () => {
  await using dir = await TempDir.create("look");
  using app = await synced(dir);
  for (let number = 2; number <= 5; number++) {
    app.insert(1);
    await sync(app, dir);
  }
  const folder = join(metaFolder(app.path), "ltx", "0");
  const names = (await readdir(folder)).sort();
  const last = lastLtx(app.path)!.maxTxid;
  assert.equal(last, names.at(-1)?.slice(0, 16));
  for (const known of [1, 2, 4, 5, 99].map(txidOf)) {
    assert.equal(lastLtx(app.path, known)?.maxTxid, last);
  }
  // What retention removed is no longer there to begin with.
  for (const name of names.slice(0, 3)) await rm(join(folder, name));
  assert.equal(lastLtx(app.path, txidOf(1))?.maxTxid, last);
  // What is being written is no LTX file yet.
  await copyFile(
    join(folder, names[3]!),
    join(folder, "ffffffffffffffff-ffffffffffffffff.ltx.tmp"),
  );
  assert.equal(lastLtx(app.path)?.maxTxid, last);
});

Deno.test("a broken LTX file is told of", async () => {
  await using dir = await TempDir.create("look");
  using app = await synced(dir);
  const folder = join(metaFolder(app.path), "ltx", "0");
  const next = txidOf(2);
  await Deno.writeTextFile(join(folder, `${next}-${next}.ltx`), "torn");
  assert.throws(() => lastLtx(app.path), /Cannot read LTX header: 4 bytes/);
  assert.throws(() => lastLtx(app.path, txidOf(1)), /Cannot read LTX header/);
});

Deno.test("Litestream's files are removed, the database is not", async () => {
  await using dir = await TempDir.create("look");
  using app = await synced(dir);
  const { size } = await Deno.stat(app.path);
  await resetLocalLtx(app.path);
  await assert.rejects(Deno.stat(metaFolder(app.path)), Deno.errors.NotFound);
  assert.equal((await Deno.stat(app.path)).size, size);
  await resetLocalLtx(app.path);
});

/** A database that Litestream has just read to its end. */
async function synced(dir: TempDir): Promise<AppDatabase> {
  const app = AppDatabase.open(dir.join("app.db"), { autoCheckpoint: 0 });
  app.insert(20, 200);
  await sync(app, dir);
  return app;
}

function sync({ path }: AppDatabase, dir: TempDir): Promise<void> {
  const url = `file://${dir.join("replica")}`;
  return replicateOnce({ dbPath: path, url, dir: dir.path });
}
