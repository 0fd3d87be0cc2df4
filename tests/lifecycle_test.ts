/**
 * Rules: real signals to real processes. What was written before a signal is in
 * the replica, or it is said that it is not, and the next start picks it up.
 * @module
 */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { CountingProxy } from "./support/counting_proxy.ts";
import type { ManagerProcess } from "./support/run_manager.ts";
import { type App, Scene } from "./support/scene.ts";
import { sharedS3 } from "./support/shared_s3.ts";
import { until } from "./support/until.ts";

const s3 = await sharedS3();

/** The manager promises 20 s for last syncs; ending the daemon comes on top. */
const STOP_MS = 30_000;

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal}: who is awake finishes, and the last write is in the replica`, async () => {
    await using scene = await Scene.create("signal", s3);
    const apps = Array.from({ length: 8 }, () => scene.app());
    await using manager = await scene.start({ args: ["--idle-after", "60s"] });
    await manager.untilProtected(apps.length);
    await wakeAll(manager, apps);
    for (const app of apps) app.insert(5);
    const daemon = (await manager.status()).daemon.pid!;
    await endedWithin(manager, signal, STOP_MS);
    assert.equal((await manager.ended()).code, 0, manager.stderr);
    assert.match(manager.stderr, /Everything is in the replica/);
    assert.equal(isAlive(daemon), false, "its daemon lives on");
    await scene.assertRestores(apps);
  });
}

Deno.test("a write just before SIGTERM is in the replica, or it is told that it is not", async () => {
  await using scene = await Scene.create("signal", s3);
  const app = scene.app();
  await using manager = await scene.start();
  await manager.untilProtected(1);
  await manager.until(
    "it is asleep",
    async () => (await manager.status()).awake === 0,
  );
  app.insert(4);
  await endedWithin(manager, "SIGTERM", STOP_MS);
  const told = !manager.stderr.includes("Everything is in the replica");
  const copy = await scene.restore(scene.directCommand(app.id));
  assert.ok(told || copy === app.digest(), manager.stderr);
});

Deno.test("SIGTERM while the store hangs: it ends, says how many are left, and the next start goes on", async () => {
  await using proxy = await CountingProxy.start(s3.endpoint);
  await using scene = await Scene.create("signal", s3, {
    endpoint: proxy.endpoint,
  });
  const apps = Array.from({ length: 10 }, () => scene.app());
  const written = apps.slice(0, 4);
  {
    await using manager = await scene.start({ args: ["--idle-after", "60s"] });
    await manager.untilProtected(apps.length);
    // Two are awake when the store begins to hang, two are asleep.
    await wakeAll(manager, written.slice(0, 2));
    proxy.behaviour = "hang";
    for (const app of written) app.insert(3);
    await manager.until("the writes are noticed", async () => {
      const { clients } = await manager.status();
      return clients.filter(({ status }) => status !== "protected").length ===
        written.length;
    });
    const daemon = (await manager.status()).daemon.pid!;
    await endedWithin(manager, "SIGTERM", STOP_MS);
    assert.equal((await manager.ended()).code, 0, manager.stderr);
    assert.match(manager.stderr, /\b4 clients have something that is not/);
    assert.equal(isAlive(daemon), false, "its daemon lives on");
  }
  proxy.behaviour = "pass";
  await using manager = await scene.start();
  await manager.untilProtected(apps.length);
  await scene.assertRestores(apps);
});

Deno.test("a second signal ends it at once", async () => {
  await using proxy = await CountingProxy.start(s3.endpoint);
  await using scene = await Scene.create("signal", s3, {
    endpoint: proxy.endpoint,
  });
  const app = scene.app();
  await using manager = await scene.start({ args: ["--idle-after", "60s"] });
  await manager.untilProtected(1);
  await wakeAll(manager, [app]);
  proxy.behaviour = "hang";
  app.insert(3);
  await manager.until(
    "the write is noticed",
    async () => (await manager.client(app.id))?.status !== "protected",
  );
  const daemon = (await manager.status()).daemon.pid!;
  manager.kill("SIGTERM");
  await manager.until(
    "it stops",
    () => manager.stderr.includes("Stopping"),
  );
  // Two within a second are taken for one: a terminal and a task runner send both.
  await delay(1_500);
  await endedWithin(manager, "SIGTERM", 5_000);
  assert.notEqual((await manager.ended()).code, 0);
  await until("its daemon has ended by itself", () => !isAlive(daemon), {
    timeoutMs: 15_000,
  });
});

Deno.test("SIGKILL of the manager: its daemon ends, and the next start repairs what was missed", async () => {
  await using scene = await Scene.create("kill", s3);
  const apps = Array.from({ length: 6 }, () => scene.app());
  let daemon: number;
  {
    await using manager = await scene.start({ args: ["--idle-after", "60s"] });
    await manager.untilProtected(apps.length);
    await wakeAll(manager, apps);
    for (const app of apps) app.insert(3);
    daemon = (await manager.status()).daemon.pid!;
    manager.kill("SIGKILL");
    await manager.ended();
    await until("the daemon has ended by itself", () => !isAlive(daemon), {
      timeoutMs: 15_000,
    });
  }
  // What a comparison of the last frame alone would not notice.
  for (const app of apps) {
    app.insert(2);
    app.checkpoint("TRUNCATE");
    app.insert(1);
  }
  await using manager = await scene.start();
  await manager.untilProtected(apps.length);
  await scene.assertRestores(apps);
  await manager.stop();
});

Deno.test("started again at once after SIGKILL: one daemon, and restores are right", async () => {
  await using scene = await Scene.create("kill", s3);
  const apps = Array.from({ length: 4 }, () => scene.app());
  const first = await scene.start({ args: ["--idle-after", "60s"] });
  await first.untilProtected(apps.length);
  for (const app of apps) app.insert(2);
  const old = (await first.status()).daemon.pid!;
  first.kill("SIGKILL");
  await using second = await scene.start();
  assert.equal(isAlive(old), false, "two daemons at once");
  for (const app of apps) app.insert(2);
  await second.untilProtected(apps.length);
  await delay(500);
  await second.untilProtected(apps.length);
  await scene.assertRestores(apps);
  await first.ended();
});

Deno.test("SIGKILL of the daemon: another takes its place, nothing is lost", async () => {
  await using scene = await Scene.create("kill", s3);
  const apps = Array.from({ length: 6 }, () => scene.app());
  await using manager = await scene.start({ args: ["--idle-after", "60s"] });
  await manager.untilProtected(apps.length);
  for (let round = 0; round < 2; round++) {
    for (const app of apps) app.insert(2);
    const before = (await manager.status()).daemon;
    Deno.kill(before.pid!, "SIGKILL");
    for (const app of apps) {
      app.insert(2);
      app.checkpoint("TRUNCATE");
      app.insert(1);
    }
    await manager.until("another daemon runs", async () => {
      const { daemon } = await manager.status();
      return daemon.state === "running" && daemon.pid !== before.pid;
    });
    await manager.until("restores are right", async () => {
      await manager.untilProtected(apps.length);
      await scene.assertRestores(apps);
      return true;
    });
  }
  await manager.stop();
});

/**
 * Writes, and waits until those clients are awake, synced, and stay so. A first
 * backup is over by then: a client that is falling asleep after it takes a write
 * along without waking.
 */
async function wakeAll(manager: ManagerProcess, apps: readonly App[]) {
  await manager.until(
    "all are asleep",
    async () => (await manager.status()).awake === 0,
  );
  for (const app of apps) app.insert(2);
  const ids = new Set<string>(apps.map(({ id }) => id));
  await manager.until("they are awake and protected", async () => {
    const { clients } = await manager.status();
    const found = clients.filter(({ clientId, awake, status }) =>
      ids.has(clientId) && awake && status === "protected"
    );
    return found.length === apps.length;
  });
}

/** Sends a signal and waits for the end, with a generous bound. */
async function endedWithin(
  manager: ManagerProcess,
  signal: Deno.Signal,
  ms: number,
) {
  let ended = false;
  void manager.ended().then(() => ended = true);
  manager.kill(signal);
  await until(`the manager has ended after ${signal}`, () => ended, {
    timeoutMs: ms,
  });
}

function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
