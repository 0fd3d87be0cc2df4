import assert from "node:assert/strict";
import { until } from "../../tests/support/until.ts";
import { sleep } from "../domain/sleep.ts";
import {
  FEW_FOLDERS,
  MOST_OVERFLOWS,
  QUIET_HINTS,
  startingWith,
} from "./best_watch.ts";
import { MAX_FOLDERS, openDenoWatch } from "./deno_watch.ts";
import { openHostedWatch } from "./hosted_watch.ts";
import { TempFolder } from "./testing.ts";
import type { FolderWatcher, WatchHandlers } from "./watcher.ts";

Deno.test("a watch that loses events again and again is replaced by a better one", async () => {
  using root = new TempFolder();
  const path = root.at("x.db");
  const calls: string[] = [];
  let first: WatchHandlers | null = null;
  const open = startingWith((handlers) => {
    first = handlers;
    return {
      add: (folder) => {
        calls.push(`add ${folder}`);
        return "watched";
      },
      remove: (folder) => void calls.push(`remove ${folder}`),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  });
  const hints: string[] = [];
  let overflows = 0;
  await using watcher = open({
    onHint: (folder, name) => hints.push(`${folder} ${name}`),
    onOverflow: () => overflows++,
    onResult: () => {},
    onEnd: (reason) => assert.fail(reason),
  }) as FolderWatcher;
  assert.equal(watcher.add(root.path), "watched");

  first!.onHint(root.path, "a.db", false);
  assert.deepEqual(hints, [`${root.path} a.db`]);
  for (let told = 1; told < MOST_OVERFLOWS; told++) {
    first!.onOverflow();
    assert.equal(overflows, told);
  }
  assert.deepEqual(calls, [`add ${root.path}`]);

  first!.onOverflow();
  assert(overflows >= MOST_OVERFLOWS);
  assert.deepEqual(calls, [`add ${root.path}`, `remove ${root.path}`]);
  Deno.writeTextFileSync(path, "something");
  await until(
    "the better one tells",
    () => hints.includes(`${root.path} x.db`),
  );
  // It stays.
  first!.onOverflow();
  assert.equal(calls.length, 2);
});

Deno.test("the process that watches better ends when little happens, and comes back when that was not enough", async () => {
  const log: string[] = [];
  const results: string[] = [];
  const told: WatchHandlers[] = [];
  const watcherNamed = (name: string) => (handlers: WatchHandlers) => {
    told.push(handlers);
    const number = told.length;
    log.push(`open ${name} ${number}`);
    return {
      add: (folder: string) => {
        log.push(`${number} add ${folder}`);
        return "watched" as const;
      },
      remove: () => {},
      [Symbol.asyncDispose]: () => {
        log.push(`end ${number}`);
        return Promise.resolve();
      },
    };
  };
  const open = startingWith(watcherNamed("first"), {
    better: watcherNamed("better"),
    isHosted: true,
    quietMs: 100,
  });
  let hints = 0;
  {
    await using watcher = open({
      onHint: () => hints++,
      onOverflow: () => {},
      onResult: (folder, result) => results.push(`${folder} ${result}`),
      onEnd: (reason) => assert.fail(reason),
    }) as FolderWatcher;
    watcher.add("/a");
    watcher.add("/b");
    watcher.remove("/b");
    loseEvents(told[0]!);
    assert.deepEqual(log.slice(-3), ["open better 2", "2 add /a", "end 1"]);
    results.length = 0;

    // Much happens: it stays.
    const startedAt = performance.now();
    while (performance.now() - startedAt < 350) {
      for (let n = 0; n < QUIET_HINTS; n++) told[1]!.onHint("/a", "x", false);
      await sleep(10);
    }
    assert.equal(log.at(-1), "end 1");
    assert(hints > QUIET_HINTS);

    await until("it went back", () => log.at(-1) === "end 2");
    assert.deepEqual(log.slice(-3), ["open first 3", "3 add /a", "end 2"]);
    assert.deepEqual(results, ["/a watched"], "the folder is looked at again");

    const againAt = performance.now();
    loseEvents(told[2]!);
    assert.deepEqual(log.slice(-3), ["open better 4", "4 add /a", "end 3"]);
    await until("it went back again", () => log.at(-1) === "end 4");
    assert(performance.now() - againAt >= 199, "twice as long this time");
  }
  assert.equal(log.at(-1), "end 5");
});

Deno.test("with too many folders for Deno's watch the better one stays, however quiet", async () => {
  const ended: string[] = [];
  const watcherNamed = (name: string) => () => ({
    add: () => "watched" as const,
    remove: () => {},
    [Symbol.asyncDispose]: () => {
      ended.push(name);
      return Promise.resolve();
    },
  });
  const open = startingWith(watcherNamed("first"), {
    better: watcherNamed("better"),
    isHosted: true,
    quietMs: 10,
  });
  {
    await using watcher = open({
      onHint: () => {},
      onOverflow: () => {},
      onResult: () => {},
      onEnd: (reason) => assert.fail(reason),
    }) as FolderWatcher;
    for (let n = 0; n <= MAX_FOLDERS; n++) watcher.add(`/${n}`);
    await sleep(100);
    assert.deepEqual(ended, ["first"]);
  }
  assert.deepEqual(ended, ["first", "better"]);
});

Deno.test("it goes back only with few folders, and only when the system lets it watch them", async () => {
  const ended: string[] = [];
  let isRefused = true;
  const watcherNamed = (name: string) => () => ({
    add: () =>
      name === "first" && ended.length > 0 && isRefused
        ? { error: "used up" } as const
        : "watched" as const,
    remove: () => {},
    [Symbol.asyncDispose]: () => {
      ended.push(name);
      return Promise.resolve();
    },
  });
  const open = startingWith(watcherNamed("first"), {
    better: watcherNamed("better"),
    isHosted: true,
    quietMs: 10,
  });
  await using watcher = open({
    onHint: () => {},
    onOverflow: () => {},
    onResult: () => {},
    onEnd: (reason) => assert.fail(reason),
  }) as FolderWatcher;
  for (let n = 1; n <= MAX_FOLDERS + 1; n++) watcher.add(`/${n}`);
  for (let n = FEW_FOLDERS + 2; n <= MAX_FOLDERS + 1; n++) {
    watcher.remove(`/${n}`);
  }
  await sleep(100);
  assert.deepEqual(ended, ["first"], "one folder too many");
  watcher.remove(`/${FEW_FOLDERS + 1}`);
  await until("it was refused twice", () => ended.length >= 3);
  assert.deepEqual(new Set(ended), new Set(["first"]));
  isRefused = false;
  await until("it went back", () => ended.at(-1) === "better");
});

Deno.test("nothing is lost as Deno's watch takes over again from the process", async () => {
  using root = new TempFolder();
  const first: WatchHandlers[] = [];
  const open = startingWith((handlers) => {
    first.push(handlers);
    return openDenoWatch(handlers);
  }, { better: openHostedWatch, isHosted: true, quietMs: 5_000 });
  // A result "watched" has the folder looked at.
  const unseen = new Set<string>();
  let looks = 0;
  await using watcher = open({
    onHint: (_folder, name) =>
      name === "" ? unseen.clear() : unseen.delete(name),
    onOverflow: () => {},
    onResult: (_folder, result) => {
      if (result !== "watched") return;
      looks++;
      unseen.clear();
    },
    onEnd: (reason) => assert.fail(reason),
  }) as FolderWatcher;
  watcher.add(root.path);
  loseEvents(first[0]!);
  await until("the process watches", () => looks >= 1);
  assert.equal(first.length, 1);
  let number = 0;
  const write = () => {
    const name = `${number++}.db`;
    unseen.add(name);
    Deno.writeTextFileSync(root.at(name), "something");
  };
  // Less than QUIET_HINTS in a while.
  await until("Deno's watch took over", () => {
    write();
    return first.length === 2;
  }, { everyMs: 400 });
  write();
  await until("all was told", () => unseen.size === 0);
});

function loseEvents(handlers: WatchHandlers): void {
  for (let n = 0; n < MOST_OVERFLOWS; n++) handlers.onOverflow();
}
