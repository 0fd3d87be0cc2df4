import assert from "node:assert/strict";
import { until } from "../../tests/support/until.ts";
import { MOST_OVERFLOWS, startingWith } from "./best_watch.ts";
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
