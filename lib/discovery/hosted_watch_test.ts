import assert from "node:assert/strict";
import { sleep } from "../domain/sleep.ts";
import { Discovery } from "./discovery.ts";
import { openHostedWatch } from "./hosted_watch.ts";
import {
  TempFolder,
  Told,
  until,
  uuid,
  watchHosts,
  writeDatabase,
} from "./testing.ts";
import type { FolderWatcher, WatchHandlers } from "./watcher.ts";

/** Long enough that in a test only hints can be quick. */
const NO_SWEEP = 3_600_000;

interface Heard {
  readonly hints: string[];
  readonly results: Map<string, unknown>;
}

function open(heard: Heard, handlers: Partial<WatchHandlers> = {}) {
  const opened = openHostedWatch({
    onHint: (folder, name) => heard.hints.push(`${folder}|${name}`),
    onOverflow() {},
    onResult: (folder, result) => heard.results.set(folder, result),
    onEnd() {},
    ...handlers,
  });
  if ("problem" in opened) throw new Error(opened.problem);
  return opened;
}

function nothing(): Heard {
  return { hints: [], results: new Map() };
}

async function add(watcher: FolderWatcher, heard: Heard, folder: string) {
  heard.results.delete(folder);
  assert.equal(watcher.add(folder), "pending");
  await until("an answer", () => heard.results.has(folder));
  return heard.results.get(folder);
}

Deno.test("the host watches, tells what there is no folder for, and forgets", async () => {
  using root = new TempFolder();
  const heard = nothing();
  await using watcher = open(heard);
  const odd = root.at('a "b"\n✓');
  Deno.mkdirSync(odd);
  assert.equal(await add(watcher, heard, odd), "watched");
  assert.equal(await add(watcher, heard, root.at("none")), "gone");
  writeDatabase(`${odd}/${uuid(1)}.db`);
  // What stands beside a database is nobody's business.
  Deno.mkdirSync(`${odd}/.${uuid(1)}.db-litestream`);
  Deno.writeTextFileSync(`${odd}/${uuid(1)}.db-shm`, "");
  Deno.writeTextFileSync(`${odd}/${uuid(1)}.db-wal`, "");
  await until(
    "hints",
    () => heard.hints.includes(`${odd}|${uuid(1)}.db-wal`),
  );
  assert.deepEqual(
    new Set(heard.hints),
    new Set([`${odd}|${uuid(1)}.db`, `${odd}|${uuid(1)}.db-wal`]),
  );
  // Watched again it stays as it was.
  assert.equal(watcher.add(odd), "kept");
  watcher.remove(odd);
  Deno.mkdirSync(root.at("last"));
  assert.equal(await add(watcher, heard, root.at("last")), "watched");
  heard.hints.length = 0;
  writeDatabase(`${odd}/${uuid(2)}.db`);
  writeDatabase(root.at("last", `${uuid(3)}.db`));
  await until("the later hint", () => heard.hints.length > 0);
  assert.ok(heard.hints.every((hint) => hint.startsWith(root.at("last"))));
});

Deno.test("a folder that was removed and made again is watched again", async () => {
  using root = new TempFolder();
  const heard = nothing();
  await using watcher = open(heard);
  const folder = root.at("a");
  Deno.mkdirSync(folder);
  await add(watcher, heard, folder);
  for (let i = 0; i < 3; i++) {
    Deno.removeSync(folder, { recursive: true });
    Deno.mkdirSync(folder);
    watcher.remove(folder);
    assert.equal(await add(watcher, heard, folder), "watched");
    heard.hints.length = 0;
    writeDatabase(`${folder}/${uuid(1)}.db`);
    await until(
      "a hint",
      () => heard.hints.includes(`${folder}|${uuid(1)}.db`),
    );
  }
});

Deno.test("many folders are asked for in a few requests", async () => {
  using root = new TempFolder();
  const heard = nothing();
  await using watcher = open(heard);
  const folders = Array.from({ length: 2_000 }, (_, i) => root.at(`d${i}`));
  for (const folder of folders) {
    Deno.mkdirSync(folder);
    watcher.add(folder);
  }
  await until("all answers", () => heard.results.size === folders.length);
  assert.deepEqual(new Set(heard.results.values()), new Set(["watched"]));
  for (const folder of folders) writeDatabase(`${folder}/${uuid(1)}.db`);
  await until(
    "a hint of each",
    () => new Set(heard.hints).size === folders.length,
  );
});

Deno.test("a host that is killed is told, and started again with all folders", async () => {
  using root = new TempFolder();
  for (const name of ["a", "b"]) Deno.mkdirSync(root.at(name));
  const told = new Told();
  await using discovery = await Discovery.start({
    watchDirs: [root.path],
    signal: new AbortController().signal,
    sweepMs: NO_SWEEP,
    onEvents: told.onEvents,
    onTrouble: told.onTrouble,
    openWatcher: openHostedWatch,
  });
  const [host] = await watchHosts();
  Deno.kill(host!, "SIGKILL");
  await until("trouble", () => told.troubles.has("inotify"));
  assert.match(
    told.troubles.get("inotify")!,
    /^Cannot watch every folder: the process that watches ended by SIGKILL; It is started again/,
  );
  // Sweeps take its place meanwhile.
  writeDatabase(root.at("a", `${uuid(1)}.db`));
  await until("found", () => told.facts.size === 1);
  await until("its end", () => !told.troubles.has("inotify"));
  const [next] = await watchHosts();
  assert.notEqual(next, host);
  await discovery.rescan();
  writeDatabase(root.at("b", `${uuid(2)}.db`));
  await until("found by a hint", () => told.facts.size === 2);
});

Deno.test("a host ends with its watcher", async () => {
  using root = new TempFolder();
  const heard = nothing();
  {
    await using watcher = open(heard);
    await add(watcher, heard, root.path);
    assert.equal((await watchHosts()).length, 1);
  }
  assert.deepEqual(await watchHosts(), []);
  // Also when it was never asked for anything.
  await using _unused = open(heard);
});

Deno.test("a manager that takes nothing costs the host no memory, and learns that hints were lost", async () => {
  using root = new TempFolder();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-ffi",
      new URL("./watch_host_main.ts", import.meta.url).pathname,
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  const request = { remove: [], add: [root.path] };
  await input.write(new TextEncoder().encode(JSON.stringify(request) + "\n"));
  const output = child.stdout.getReader();
  const first = new TextDecoder().decode((await output.read()).value);
  assert.equal(first, `{"done":[]}\n`);
  output.releaseLock();
  // More names than wait at a time; the pipe is full long before.
  for (let i = 0; i < 15_000; i++) {
    Deno.writeFileSync(root.at(`${uuid(i)}.db`), new Uint8Array());
    if (i % 500 === 0) await sleep(5);
  }
  let text = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) text += decoder.decode(chunk);
  })();
  await until("the word that hints were lost", () => text.includes("overflow"));
  await input.close();
  assert.ok((await child.status).success);
  await reading;
  assert.ok(text.split("\n").every((line) => line === "" || JSON.parse(line)));
});

Deno.test("a host ends with its manager, however that ends", async () => {
  using root = new TempFolder();
  const module = new URL("./hosted_watch.ts", import.meta.url);
  const manager = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `const { openHostedWatch } = await import(Deno.args[0]);
      const watcher = openHostedWatch({
        onResult: (folder, result) => console.log(result),
        onHint() {}, onOverflow() {}, onEnd() {},
      });
      watcher.add(Deno.args[1]);
      setInterval(() => {}, 1e6);`,
      module.href,
      root.path,
    ],
    stdout: "piped",
  }).spawn();
  const output = manager.stdout.getReader();
  const { value } = await output.read();
  assert.equal(new TextDecoder().decode(value), "watched\n");
  const [host] = await watchHosts(manager.pid);
  assert.ok(host! > 0);
  manager.kill("SIGKILL");
  await manager.status;
  await output.cancel();
  const alive = () => {
    try {
      Deno.kill(host!, "SIGCONT");
      return !/^State:\s+Z/m.test(
        Deno.readTextFileSync(`/proc/${host}/status`),
      );
    } catch {
      return false;
    }
  };
  await until("the host's end", () => !alive());
});
