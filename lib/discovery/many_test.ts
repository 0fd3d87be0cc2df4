import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { Dice, seededRandom } from "../../tests/support/random.ts";
import { fingerprintOf } from "../domain/client.ts";
import { Discovery } from "./discovery.ts";
import { readFacts } from "./file_facts.ts";
import { isRemoteType } from "./file_system.ts";
import {
  DATABASE_BYTES,
  databasesOnDisk,
  TempFolder,
  Told,
  until,
  uuid,
  writeDatabase,
} from "./testing.ts";
import type { OpenWatcher, WatchResult } from "./watcher.ts";

const seed = Number(Deno.env.get("FUZZ_SEED") ?? Date.now() % 1_000_000);

/** Tells nothing, ever; keeps what it was to watch. */
function silent(result: WatchResult, watched = new Set<string>()): OpenWatcher {
  return () => ({
    add: (folder) => (watched.add(folder), result),
    remove: (folder) => void watched.delete(folder),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

Deno.test("Litestream's own folders are neither watched nor looked into, however many", async () => {
  using root = new TempFolder();
  const header = DATABASE_BYTES.subarray(0, 512);
  const put = (folder: string, n: number) => {
    const name = `${uuid(n)}.db`;
    Deno.writeFileSync(`${folder}/${name}`, header);
    // One that is looked into would be found out.
    Deno.mkdirSync(`${folder}/.${name}-litestream`);
    if (n % 50 === 0) {
      writeDatabase(`${folder}/.${name}-litestream/${uuid(n + 1e6)}.db`);
    }
  };
  const big = root.at("big");
  Deno.mkdirSync(big);
  for (let n = 0; n < 9_000; n++) put(big, n);
  const folders = [root.path, big];
  for (let n = 0; n < 1_000; n++) {
    const folder = root.at(`customer-${n}`);
    Deno.mkdirSync(folder);
    folders.push(folder);
    put(folder, 100_000 + n);
  }
  const told = new Told();
  const watched = new Set<string>();
  await using discovery = await Discovery.start({
    watchDirs: [root.path],
    signal: new AbortController().signal,
    onEvents: told.onEvents,
    onTrouble: told.onTrouble,
    openWatcher: silent("watched", watched),
  });
  assert.equal(told.facts.size, 10_000);
  assert.deepEqual([...watched].sort(), folders.sort());
  await discovery.rescan();
  assert.equal(told.log.length, 10_000);
  assert.equal(discovery.ignoredCount, 0);
});

for (
  const [what, result, many] of [
    ["that cannot watch", { error: "no watches here" }, 1_000],
    ["that believes to watch, and tells nothing", "watched", 300],
    ["that never says whether it watches", "pending", 300],
  ] as const
) {
  Deno.test(`sweeps find every change in ${many} folders, with a watcher ${what} (FUZZ_SEED=${seed})`, async () => {
    using root = new TempFolder();
    const dice = new Dice(seededRandom(seed));
    const folders = Array.from({ length: many }, (_, n) => root.at(`c${n}`));
    let count = 0;
    const fresh = () => `${uuid(count++)}.db`;
    for (const folder of folders) {
      Deno.mkdirSync(folder);
      writeDatabase(`${folder}/${fresh()}`);
    }
    const told = new Told();
    await using _discovery = await Discovery.start({
      watchDirs: [root.path],
      signal: new AbortController().signal,
      sweepMs: 100,
      onEvents: told.onEvents,
      onTrouble: told.onTrouble,
      openWatcher: silent(result),
    });
    assert.equal(told.facts.size, many);
    const rounds = many > 300 ? 1 : 2;
    for (let round = 0; round < rounds; round++) {
      for (let step = 0; step < 100; step++) {
        change(databasesOnDisk([dice.pick(folders)].filter(existsSync)));
      }
      const onDisk = databasesOnDisk([root.path]);
      await until(
        "what is told equals the disk",
        () =>
          told.paths.join() === onDisk.join() &&
          onDisk.every((path) =>
            fingerprintOf(told.facts.get(path)!) ===
              fingerprintOf(readFacts(path)!)
          ),
      );
    }

    function change(inFolder: readonly string[]) {
      const [path] = inFolder;
      const folder = dice.pick(folders.filter(existsSync));
      switch (dice.between(0, 6)) {
        case 0:
          writeDatabase(`${folder}/${fresh()}`);
          break;
        case 1:
          if (path) Deno.removeSync(path);
          break;
        case 2:
          if (path) Deno.renameSync(path, `${folder}/${basename(path)}`);
          break;
        case 3:
          if (path) Deno.renameSync(dirname(path), `${dirname(path)}-renamed`);
          break;
        case 4:
          if (path) Deno.writeFileSync(`${path}-wal`, new Uint8Array(500));
          break;
        case 5:
          if (path) {
            Deno.mkdirSync(`${folder}/new/er`, { recursive: true });
            writeDatabase(`${folder}/new/er/${fresh()}`);
          }
          break;
        case 6:
          // Same size, and perhaps the same ms.
          if (path) Deno.writeFileSync(path, DATABASE_BYTES);
          break;
      }
    }
  });
}

Deno.test("what another machine writes on a network file system is found by sweeps", async () => {
  using root = new TempFolder();
  const told = new Told();
  let asked = 0;
  await using _discovery = await Discovery.start({
    watchDirs: [root.path],
    signal: new AbortController().signal,
    // Never, were it not for the file system.
    sweepMs: 3_600_000,
    onEvents: told.onEvents,
    onTrouble: told.onTrouble,
    isRemote: () => ++asked > 0,
    openWatcher: silent("watched"),
  });
  Deno.mkdirSync(root.at("a"));
  const path = writeDatabase(root.at("a", `${uuid(1)}.db`));
  await until("found", () => told.facts.has(path));
  Deno.writeFileSync(`${path}-wal`, new Uint8Array(500));
  await until("the write", () => told.facts.get(path)!.walSize === 500n);
  assert.equal(asked, 1);
  // It is as it is: nobody can do anything about it.
  assert.equal(told.troubles.size, 0);
});

Deno.test("network file systems are known by their numbers", () => {
  for (const type of [0x6969, 0xff534d42, 0xff534d42 | 0, 0x65735546]) {
    assert.ok(isRemoteType(type));
  }
  // ext4, XFS, Btrfs, tmpfs, overlayfs, ZFS
  for (
    const type of [
      0xef53,
      0x58465342,
      0x9123683e,
      0x01021994,
      0x794c7630,
      0x2fc12fc1,
    ]
  ) assert.ok(!isRemoteType(type));
});
