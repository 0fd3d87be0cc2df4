import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { ProcessWatch, splitOf, UNSEEN } from "./process_watch.ts";
import { processTree, totalBytes, usageOf } from "./processes.ts";

const BUSY = "BEGIN { while (i < 60000000) i++ }";

Deno.test({
  name: "What an ended process used stays under its own name",
  ignore: Deno.build.os !== "linux",
  async fn() {
    // The shell waits for its child, which leaves it its processor time.
    const child = new Deno.Command("sh", {
      args: ["-c", `awk '${BUSY}' </dev/null; sleep 60; true`],
    }).spawn();
    try {
      const watch = new ProcessWatch(child.pid);
      const end = performance.now() + 20_000;
      const names = () => Object.keys(usageOf(child.pid).processes);
      while (!names().includes("sleep") && performance.now() < end) {
        watch.look();
        await delay(5);
      }
      const { awk = 0, manager = 0 } = watch.cpuSeconds();
      assert.ok(awk > 0.1, `awk used ${awk} s`);
      assert.ok(manager < awk / 2, `the shell used ${manager} s`);
      assert.ok(usageOf(child.pid).cpuSeconds >= awk);
      assert.ok(watch.peakRssBytes > 0);
      assert.ok(totalBytes(usageOf(child.pid).processes) > 0);
    } finally {
      for (const { pid } of processTree(child.pid)) Deno.kill(pid, "SIGKILL");
      await child.status;
    }
    assert.equal(usageOf(child.pid).cpuSeconds, 0);
  },
});

Deno.test("What no look saw is told as such", () => {
  const seen = {
    pid: 7,
    startedAt: "1",
    rssBytes: 0,
    childSeconds: 9,
  };
  assert.deepEqual(
    splitOf([
      { ...seen, name: "manager", ownSeconds: 2 },
      { ...seen, name: "litestream", ownSeconds: 1 },
      { ...seen, name: "litestream", ownSeconds: 0.5 },
    ], 4),
    { manager: 2, litestream: 1.5, [UNSEEN]: 0.5 },
  );
});
