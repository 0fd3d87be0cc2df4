import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { AppDatabase } from "../../tests/support/app_database.ts";
import { daemonOptions } from "../../tests/support/daemon_process.ts";
import { someId } from "../../tests/support/some_client.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { until, untilValue } from "../../tests/support/until.ts";
import { ControlSocket } from "./control_socket.ts";
import { Daemon, type DaemonState } from "./daemon.ts";
import { LineSplitter } from "../domain/line_splitter.ts";

Deno.test("a daemon runs, answers, tells its memory, and ends", async () => {
  await using dir = await TempDir.create("daemon");
  const told: string[] = [];
  const daemon = await Daemon.start(daemonOptions(dir.path, {
    onUp: () => told.push("up"),
    onDown: () => told.push("down"),
  }));
  assert.equal(daemon.isUp, false);
  const { pid, version } = await running(daemon);
  assert.match(version ?? "", /^0\.5\./);
  await until("its memory is told", () => daemon.state.peek().rssBytes! > 1e6);
  using control = new ControlSocket(dir.join("litestream.sock"));
  assert.equal((await control.info({ timeoutMs: 5_000 })).pid, pid);
  const { mode } = await Deno.stat(dir.join("litestream.sock"));
  assert.equal(mode! & 0o077, 0, "others may use the socket");

  await daemon.stop();
  assert.equal(isAlive(pid!), false);
  assert.deepEqual(told, ["up", "down"]);
  assert.deepEqual(daemon.state.peek(), {
    state: "stopped",
    version,
    pid: null,
    rssBytes: null,
    restarts: 0,
    error: null,
  });
});

Deno.test("a daemon that is killed begins again", async () => {
  await using dir = await TempDir.create("daemon");
  const told: string[] = [];
  await using daemon = await Daemon.start(daemonOptions(dir.path, {
    onUp: () => told.push("up"),
    onDown: () => told.push("down"),
  }));
  const first = await running(daemon);
  Deno.kill(first.pid!, "SIGKILL");
  const down = await stateOf(
    daemon,
    "it is down",
    ({ state }) => state === "restarting",
  );
  assert.match(down.error ?? "", /^SIGKILL/);
  assert.equal(daemon.isUp, false);
  const second = await running(daemon);
  assert.notEqual(second.pid, first.pid);
  assert.equal(second.restarts, 1);
  assert.equal(second.error, null);
  assert.deepEqual(told, ["up", "down", "up"]);
});

Deno.test("a daemon that is replaced is no failure", async () => {
  await using dir = await TempDir.create("daemon");
  await using daemon = await Daemon.start(daemonOptions(dir.path));
  const first = await running(daemon);
  const errors: unknown[] = [];
  const end = daemon.state.subscribe(({ error }) => errors.push(error));
  daemon.replace();
  await until("another runs", () => {
    const { state, pid } = daemon.state.peek();
    return state === "running" && pid !== first.pid;
  });
  end();
  assert.deepEqual(new Set(errors), new Set([null]));
});

Deno.test("a daemon that is stopped as it starts leaves nothing behind", async () => {
  await using dir = await TempDir.create("daemon");
  const daemon = await Daemon.start(daemonOptions(dir.path));
  await daemon.stop();
  assert.equal(daemon.state.peek().state, "stopped");
  await assert.rejects(
    Deno.stat(dir.join("litestream.pid")),
    Deno.errors.NotFound,
  );
});

Deno.test("a database that the daemon has by a call whose answer was lost is taken from it first", async () => {
  await using dir = await TempDir.create("daemon");
  await using daemon = await Daemon.start(daemonOptions(dir.path));
  await running(daemon);
  using app = AppDatabase.open(dir.join(`${someId(1)}.db`));
  app.insert(1);
  using control = new ControlSocket(dir.join("litestream.sock"));
  const [lost, owned] = [dir.join("lost"), dir.join("owned")];
  await control.register(app.path, `file://${lost}`);
  await until("it is backed up there", () => hasLtx(lost));
  // Of the first call nobody knows where it leads, nor how it began.
  await daemon.register(app.path, `file://${owned}`);
  await until("it is backed up here", () => hasLtx(owned));
  assert.equal(await control.register(app.path, `file://${owned}`), false);
  await daemon.unregister(app.path, 5_000);
});

const obstacles: [name: string, file: string, error: RegExp][] = [
  ["its old socket cannot be removed", "litestream.sock", /^Cannot remove "/],
  ["its process id cannot be written", "litestream.pid", /litestream\.pid/],
];

for (const [name, file, error] of obstacles) {
  Deno.test(`when ${name}, that is told, and it is tried again`, async () => {
    await using dir = await TempDir.create("daemon");
    await using daemon = await Daemon.start(daemonOptions(dir.path));
    const { pid } = await running(daemon);
    // As in a state folder that became read-only, also for root.
    await Deno.remove(dir.join(file));
    await Deno.mkdir(dir.join(file, "in the way"), { recursive: true });
    Deno.kill(pid!, "SIGKILL");
    const told = await stateOf(
      daemon,
      "it says so",
      ({ state, restarts }) => state === "restarting" && restarts >= 2,
    );
    assert.match(told.error ?? "", error);
    await Deno.remove(dir.join(file), { recursive: true });
    await running(daemon);
    assert.equal(daemon.state.peek().error, null);
    assert.equal(isAlive(pid!), false);
  });
}

const failing: [name: string, script: string, error: RegExp][] = [
  [
    "says why and ends",
    `echo "cannot bind: address in use" >&2; exit 3`,
    /^exit status 3: cannot bind: address in use$/,
  ],
  [
    "says why in its log and ends",
    `echo '{"time":"2026-11-22T15:00:00Z","level":"ERROR","msg":"failed to run","error":"bad config"}'; exit 1`,
    /^exit status 1: failed to run: bad config$/,
  ],
  ["ends without a word", "exit 0", /^exit status 0/],
];

for (const [name, script, error] of failing) {
  Deno.test(`a program that ${name} is told of, and tried again after a while`, async () => {
    await using dir = await TempDir.create("daemon");
    const program = dir.join("litestream");
    await Deno.writeTextFile(
      program,
      `#!/bin/sh\necho x >>"${dir.join("runs")}"\n${script}\n`,
      { mode: 0o755 },
    );
    await using daemon = await Daemon.start(
      daemonOptions(dir.path, { program }),
    );
    const told = await stateOf(
      daemon,
      "it says so",
      ({ error }) => error !== null,
    );
    assert.match(told.error ?? "", error);
    assert.equal(told.state, "restarting");
    const runs = async () =>
      (await Deno.readTextFile(dir.join("runs"))).length / 2;
    await until("it is tried again", async () => await runs() >= 2);
    // Without pauses that grow there would be a hundred by now.
    await delay(400);
    assert(await runs() < 10, `${await runs()} runs`);
  });
}

Deno.test("a program that is not there is told of", async () => {
  await using dir = await TempDir.create("daemon");
  const program = dir.join("none");
  await using daemon = await Daemon.start(daemonOptions(dir.path, { program }));
  const { error } = await stateOf(
    daemon,
    "it says so",
    ({ error }) => error !== null,
  );
  assert(error?.startsWith(`Cannot start "${program}": `), error ?? "");
});

Deno.test("a daemon that does not heed SIGTERM is killed at the end of its time", async () => {
  await using dir = await TempDir.create("daemon");
  const daemon = await Daemon.start(daemonOptions(dir.path));
  const { pid } = await running(daemon);
  Deno.kill(pid!, "SIGSTOP");
  await daemon.stop({ graceMs: 300 });
  assert.equal(isAlive(pid!), false);
});

Deno.test("the daemon of a manager that was killed ends by itself", async () => {
  await using dir = await TempDir.create("daemon");
  const { manager, pid } = await managerProcess(dir);
  assert(isAlive(pid));
  manager.kill("SIGKILL");
  await manager.status;
  await until("the daemon is gone", () => !isAlive(pid), { timeoutMs: 20_000 });
});

Deno.test("the daemon that another manager left is ended before one begins", async () => {
  await using dir = await TempDir.create("daemon");
  const { manager, pid } = await managerProcess(dir);
  try {
    // It neither goes on nor ends: its daemon lives.
    manager.kill("SIGSTOP");
    await using daemon = await Daemon.start(daemonOptions(dir.path));
    assert.equal(isAlive(pid), false);
    assert.notEqual((await running(daemon)).pid, pid);
  } finally {
    manager.kill("SIGKILL");
    await manager.status;
  }
});

Deno.test("a daemon whose socket is gone is found by its process id", async () => {
  await using dir = await TempDir.create("daemon");
  const { manager, pid } = await managerProcess(dir);
  try {
    manager.kill("SIGSTOP");
    await Deno.remove(dir.join("litestream.sock"));
    await Daemon.endLeftOver(daemonOptions(dir.path));
    assert.equal(isAlive(pid), false);
  } finally {
    manager.kill("SIGKILL");
    await manager.status;
  }
});

Deno.test("a process that got the number of an old daemon is left alone", async () => {
  await using dir = await TempDir.create("daemon");
  const other = new Deno.Command("sleep", { args: ["600"] }).spawn();
  try {
    await Deno.writeTextFile(dir.join("litestream.pid"), `${other.pid}`);
    await Daemon.endLeftOver(daemonOptions(dir.path));
    assert(isAlive(other.pid));
  } finally {
    other.kill("SIGKILL");
    await other.status;
  }
});

async function hasLtx(replica: string): Promise<boolean> {
  for await (const { name } of Deno.readDir(`${replica}/ltx/0`)) {
    if (name.endsWith(".ltx")) return true;
  }
  return false;
}

function running(daemon: Daemon): Promise<DaemonState> {
  return stateOf(daemon, "the daemon runs", ({ state }) => state === "running");
}

function stateOf(
  daemon: Daemon,
  what: string,
  test: (state: DaemonState) => boolean,
): Promise<DaemonState> {
  return untilValue(what, () => daemon.state.peek(), test, { everyMs: 5 });
}

/** A manager's process with a daemon, and that daemon's process id. */
async function managerProcess(dir: TempDir) {
  const module = new URL(
    "../../tests/support/daemon_process.ts",
    import.meta.url,
  );
  const manager = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", fileURLToPath(module), dir.path],
    stdout: "piped",
  }).spawn();
  const lines = manager.stdout.pipeThrough(new LineSplitter()).getReader();
  const pid = Number((await lines.read()).value);
  void lines.cancel();
  assert(pid > 0);
  return { manager, pid };
}

/** A process that ended and that nobody has asked for counts as dead. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
