/**
 * Rules: a daemon that lives and does not answer (SIGSTOP) is worse than one
 * that dies. Real processes; each wait takes the daemon's 15 s, so the cases run
 * side by side.
 * @module
 */
import assert from "node:assert/strict";
import { ControlSocket } from "../lib/litestream/control_socket.ts";
import { DaemonPool } from "../lib/litestream/daemon_pool.ts";
import { AppDatabase } from "./support/app_database.ts";
import { daemonOptions } from "./support/daemon_process.ts";
import { ManagerProcess } from "./support/manager_process.ts";
import { someId } from "./support/some_client.ts";
import { TempDir } from "./support/temp_dir.ts";
import { until } from "./support/until.ts";

/** Last syncs get 20 s, and the daemon 5 s to end. */
const STOP_MS = 40_000;

Deno.test("a daemon that hangs costs no backup, and does not hold up the end", async (t) => {
  const sideBySide = {
    sanitizeOps: false,
    sanitizeResources: false,
    sanitizeExit: false,
  };
  const done = await Promise.all([
    t.step({
      name: "it is killed, another takes its place, and its clients recover",
      fn: recovers,
      ...sideBySide,
    }),
    t.step({
      name: "a manager ends although its daemon hangs",
      fn: ends,
      ...sideBySide,
    }),
    t.step({
      name: "calls without an answer leave no registration that nobody owns",
      fn: ownsAll,
      ...sideBySide,
    }),
  ]);
  assert.deepEqual(done, [true, true, true]);
});

async function recovers() {
  await using dir = await TempDir.create("hung");
  await using manager = new ManagerProcess(dir, {
    config: { idleAfterMs: 600_000, rpoMs: 1_000 },
  });
  using awake = await newApp(dir, 1);
  using asleep = await newApp(dir, 2);
  await manager.start();
  await manager.allAsleep(2);
  awake.insert(1);
  const { daemonPid } = await manager.report(
    "one is awake, and its daemon's connection is in use",
    (report) => report.awake === 1,
  );
  Deno.kill(daemonPid!, "SIGSTOP");
  awake.insert(1);
  asleep.insert(1);
  const frozenAt = Date.now();
  await manager.report(
    "nobody is told to be protected",
    ({ statuses }) => !Object.values(statuses).includes("protected"),
  );
  await manager.report(
    "another daemon runs",
    (report) => report.daemonPid !== null && report.daemonPid !== daemonPid,
  );
  assert.equal(isAlive(daemonPid!), false);
  await manager.report(
    "all are protected",
    ({ statuses }) =>
      Object.values(statuses).every((status) => status === "protected"),
  );
  const claims = manager.reports.filter(({ at, statuses }) =>
    at > frozenAt + 2_000 && statuses[someId(2)] === "protected"
  );
  // Nothing could reach the replica until there was another daemon.
  assert(claims.every((report) => report.daemonPid !== daemonPid));
  for (const app of [awake, asleep]) {
    assert.equal(await manager.restoredDigest(app.path), app.digest());
  }
}

async function ends() {
  await using dir = await TempDir.create("hung");
  await using manager = new ManagerProcess(dir, {
    config: { idleAfterMs: 600_000 },
  });
  using app = await newApp(dir, 1);
  await manager.start();
  await manager.allAsleep(1);
  app.insert(1);
  const { daemonPid } = await manager.report(
    "it is awake",
    (report) => report.awake === 1,
  );
  Deno.kill(daemonPid!, "SIGSTOP");
  app.insert(1);
  let ended = false;
  const stopped = manager.stop().then(() => ended = true);
  try {
    await until("it has ended", () => ended, { timeoutMs: STOP_MS });
  } finally {
    if (!ended) await manager.kill();
    await stopped;
  }
  assert.equal(isAlive(daemonPid!), false, "its daemon lives on");
}

async function ownsAll() {
  await using dir = await TempDir.create("hung");
  const { onDown: _, socket, ...options } = daemonOptions(dir.path);
  let downs = 0;
  await using pool = await DaemonPool.start({
    ...options,
    most: 1,
    socketOf: () => Promise.resolve(socket),
    onDown: () => downs++,
  });
  await until("it is up", () => pool.isUp);
  using known = await newApp(dir, 1);
  using added = await newApp(dir, 2);
  const url = (app: AppDatabase) => `file://${app.path}-replica`;
  // Also leaves a connection that is used again.
  await pool.register(known.path, url(known));
  const pid = pool.state.peek().pid!;
  Deno.kill(pid, "SIGSTOP");
  const calls = await Promise.allSettled([
    pool.register(added.path, url(added)),
    pool.unregister(known.path, 1_000),
  ]);
  for (const { status } of calls) assert.equal(status, "rejected");
  assert.equal(pool.has(added.path), false);
  assert.equal(pool.has(known.path), false);
  // The kernel delivers SIGKILL to one that is stopped, too.
  await until("another runs", () => {
    const { state, pid: other } = pool.state.peek();
    return state === "running" && other !== pid;
  });
  assert.equal(isAlive(pid), false);
  assert.equal(downs, 1);
  using control = new ControlSocket(socket);
  for (const app of [known, added]) {
    // Nobody has it: it is new there, and to be had again.
    assert.equal(await control.register(app.path, url(app)), true);
    await control.unregister(app.path, 5_000);
    await pool.register(app.path, url(app));
    await pool.unregister(app.path, 5_000);
  }
}

async function newApp(dir: TempDir, number: number): Promise<AppDatabase> {
  await Deno.mkdir(dir.join("data"), { recursive: true });
  const app = AppDatabase.open(dir.join("data", `${someId(number)}.db`));
  app.insert(5);
  return app;
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
