import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Discovery } from "./discovery.ts";
import { openInotify } from "./inotify.ts";
import { IN, parseEvents } from "./inotify_event.ts";
import { TempFolder, Told, until, uuid, writeDatabase } from "./testing.ts";
import type { FolderWatcher, WatchHandlers } from "./watcher.ts";

function open(handlers: Partial<WatchHandlers>): FolderWatcher {
  const opened = openInotify({
    onHint() {},
    onOverflow() {},
    onResult() {},
    onEnd() {},
    ...handlers,
  });
  if ("problem" in opened) throw new Error(opened.problem);
  return opened;
}

/** What the kernel writes for one event; the name is padded to 16 bytes. */
function eventBytes(watch: number, mask: number, name: Uint8Array): number[] {
  const padded = Math.ceil(name.length / 16) * 16;
  const bytes = new Uint8Array(16 + padded);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, watch, true);
  view.setUint32(4, mask, true);
  view.setUint32(12, padded, true);
  bytes.set(name, 16);
  return [...bytes];
}

Deno.test("events are read as the kernel writes them", () => {
  const text = (name: string) => new TextEncoder().encode(name);
  const bytes = new Uint8Array([
    ...eventBytes(1, IN.MODIFY, text("a.db-wal")),
    ...eventBytes(-1, IN.Q_OVERFLOW, text("")),
    ...eventBytes(2, IN.CREATE | IN.ISDIR, text("ünï\nx with more than 16")),
    ...eventBytes(3, IN.DELETE, new Uint8Array([0xff, 0xfe])),
    ...eventBytes(4, IN.MODIFY, text("sixteen letters!")),
  ]);
  assert.deepEqual([...parseEvents(bytes)], [
    { watch: 1, mask: IN.MODIFY, name: "a.db-wal" },
    { watch: -1, mask: IN.Q_OVERFLOW, name: "" },
    { watch: 2, mask: IN.CREATE | IN.ISDIR, name: "ünï\nx with more than 16" },
    { watch: 3, mask: IN.DELETE, name: null },
    { watch: 4, mask: IN.MODIFY, name: "sixteen letters!" },
  ]);
});

Deno.test("a renamed folder's watch goes along, and giving up the old name leaves it", async () => {
  using root = new TempFolder();
  const [a, b] = [root.at("a"), root.at("b")];
  Deno.mkdirSync(a);
  const hints: string[] = [];
  await using watcher = open({
    onHint: (folder, name) => hints.push(`${folder}|${name}`),
  });
  assert.equal(watcher.add(a), "watched");
  assert.equal(watcher.add(a), "kept");
  assert.equal(watcher.add(b), "gone");
  Deno.renameSync(a, b);
  assert.equal(watcher.add(b), "watched");
  watcher.remove(a);
  Deno.writeTextFileSync(`${b}/x.db`, "");
  await until("a hint under the new name", () => hints.includes(`${b}|x.db`));
  watcher.remove(b);
  hints.length = 0;
  Deno.writeTextFileSync(`${b}/y.db`, "");
  assert.equal(watcher.add(root.path), "watched");
  Deno.mkdirSync(root.at("after"));
  await until("a later hint", () => hints.includes(`${root.path}|after`));
  assert.ok(!hints.some((hint) => hint.endsWith("|y.db")));
  // A file is no folder to watch.
  assert.equal(watcher.add(`${b}/y.db`), "gone");
});

Deno.test("watching takes no lock from this process's SQLite connections", async () => {
  using root = new TempFolder();
  const path = writeDatabase(root.at(`${uuid(1)}.db`));
  const told = new Told();
  let mayOpen = true;
  await using _discovery = await Discovery.start({
    openWatcher: openInotify,
    watchDirs: [root.path],
    signal: new AbortController().signal,
    sweepMs: 50,
    onEvents: told.onEvents,
    mayOpen: () => mayOpen,
  });
  mayOpen = false;
  using pin = new DatabaseSync(path);
  pin.exec("PRAGMA journal_mode = WAL; CREATE TABLE u (x); BEGIN");
  pin.prepare("SELECT * FROM t").all();
  const locks = () =>
    Deno.readTextFileSync("/proc/locks").split("\n")
      .filter((line) => line.includes(` ${Deno.pid} `))
      .map((line) => line.replace(/^\d+: /, "")).sort();
  const before = locks();
  assert.ok(before.length >= 2, "there are locks to lose");
  const changes = () => told.count(`changed ${path}`);
  for (let i = 0; i < 3; i++) {
    const seen = changes();
    const writer = await new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `const { DatabaseSync } = await import("node:sqlite");
        const db = new DatabaseSync(Deno.args[0]);
        db.exec("INSERT INTO t VALUES (2); PRAGMA wal_checkpoint");
        db.close();`,
        path,
      ],
    }).output();
    assert.ok(writer.success, new TextDecoder().decode(writer.stderr));
    await until("the write", () => changes() > seen);
  }
  assert.deepEqual(locks(), before);
});

Deno.test("at the limit of watches sweeps find what changes, and what to do is said", async () => {
  using root = new TempFolder();
  Deno.mkdirSync(root.at("a"));
  Deno.mkdirSync(root.at("b"));
  const told = new Told();
  let limit = 1;
  await using _discovery = await Discovery.start({
    watchDirs: [root.path],
    signal: new AbortController().signal,
    sweepMs: 50,
    onEvents: told.onEvents,
    onTrouble: told.onTrouble,
    openWatcher: (handlers) => {
      const watcher = open(handlers);
      return {
        add: (folder) => --limit < 0 ? { limit: 1 } : watcher.add(folder),
        remove: (folder) => watcher.remove(folder),
        [Symbol.asyncDispose]: () => watcher[Symbol.asyncDispose](),
      };
    },
  });
  assert.match(
    told.troubles.get("inotify")!,
    /^Cannot watch every folder: .*sysctl -w fs\.inotify\.max_user_watches=/,
  );
  writeDatabase(root.at("a", `${uuid(1)}.db`));
  writeDatabase(root.at("b", `${uuid(2)}.db`));
  await until("both", () => told.facts.size === 2);
  assert.equal(told.troubles.size, 1);
  limit = 1_000;
  await until("the trouble's end", () => told.troubles.size === 0);
});
