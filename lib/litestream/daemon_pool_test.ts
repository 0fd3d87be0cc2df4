import assert from "node:assert/strict";
import { request } from "node:http";
import { AppDatabase } from "../../tests/support/app_database.ts";
import { daemonOptions } from "../../tests/support/daemon_process.ts";
import { someId } from "../../tests/support/some_client.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { until } from "../../tests/support/until.ts";
import { DaemonPool } from "./daemon_pool.ts";

const CAPACITY = 2;
const MOST = 3;

Deno.test("databases are spread over daemons, and each daemon owns its own", async (t) => {
  await using dir = await TempDir.create("pool");
  await using stack = new AsyncDisposableStack();
  const paths = Array.from({ length: 6 }, (_, index) => {
    const path = dir.join(`${someId(index + 1)}.db`);
    stack.use(AppDatabase.open(path)).insert(1);
    return path;
  });
  const lost: string[][] = [];
  const pool = await startPool(dir, (paths) => lost.push([...paths].sort()));
  stack.use(pool);
  await until("it is up", () => pool.isUp);
  const register = (path: string) =>
    pool.register(path, `file://${path}-replica`);

  await t.step("one is enough until it is full", async () => {
    for (const path of paths.slice(0, CAPACITY)) await register(path);
    assert.equal(pool.state.peek().daemons, 1);
  });

  await t.step("more begin when all are full, one at a time", async () => {
    await Promise.all(paths.slice(CAPACITY).map(register));
    assert.equal(pool.state.peek().daemons, MOST);
    const all = await lists(dir);
    assert.deepEqual(all.map(({ length }) => length), [2, 2, 2]);
    assert.deepEqual(all.flat().sort(), [...paths].sort());
    for (const path of paths) assert(pool.has(path));
  });

  await t.step("the next goes where there is room", async () => {
    const [, [moving]] = await lists(dir) as [string[], [string]];
    await pool.unregister(moving, 5_000);
    assert.equal(pool.has(moving), false);
    await register(moving);
    assert.deepEqual(
      (await lists(dir)).map(({ length }) => length),
      [2, 2, 2],
    );
  });

  await t.step(
    "beyond all room it goes to one of them, not to a fourth",
    async () => {
      const path = dir.join(`${someId(7)}.db`);
      stack.use(AppDatabase.open(path)).insert(1);
      await register(path);
      assert.equal(pool.state.peek().daemons, MOST);
      assert.equal((await lists(dir)).flat().length, 7);
      await pool.unregister(path, 5_000);
    },
  );

  await t.step("the death of one touches only its own", async () => {
    const [first, second, third] = await lists(dir) as [
      string[],
      string[],
      string[],
    ];
    lost.length = 0;
    const pid = await pidOf(dir, 1);
    Deno.kill(pid, "SIGKILL");
    await until("it is noticed", () => lost.length > 0);
    assert.deepEqual(lost, [[...second].sort()]);
    for (const path of [...first, ...third]) assert(pool.has(path), path);
    for (const path of second) assert(!pool.has(path), path);
    await until("another runs", async () => await pidOf(dir, 1) !== pid);
    const now = await lists(dir);
    assert.deepEqual([now[0], now[2]], [first, third]);
    assert.deepEqual(now[1], []);
    // It answers a moment before the pool knows of it.
    await until("it is given databases again", async () => {
      await pool.unregister(second[0]!, 5_000);
      await register(second[0]!);
      return (await lists(dir))[1]?.length === 1;
    });
    assert.equal(pool.state.peek().restarts, 1);
  });

  await t.step("it is not replaced while somebody is registered", async () => {
    const before = await pids(dir);
    assert.equal(before.length, MOST);
    pool.replace();
    assert.equal(pool.state.peek().daemons, MOST);
    assert.deepEqual(await pids(dir), before);
  });

  await t.step("one that has nobody ends when few are left", async () => {
    const before = await pids(dir);
    const [first, second] = await lists(dir) as [string[], string[]];
    for (const path of second) await pool.unregister(path, 5_000);
    // The others are full: it may be needed again.
    assert.equal(pool.state.peek().daemons, MOST);
    for (const path of first) await pool.unregister(path, 5_000);
    await until("one has ended", () => before.filter(isAlive).length === 2);
    assert.equal(pool.state.peek().daemons, 2);
    assert.equal(pool.state.peek().restarts, 1);
    assert.deepEqual(
      (await lists(dir)).map(({ length }) => length).sort(),
      [0, 2],
    );
  });

  await t.step(
    "when nobody is left, one fresh daemon takes the place of all",
    async () => {
      const before = await pids(dir);
      for (const path of (await lists(dir)).flat()) {
        await pool.unregister(path, 5_000);
      }
      pool.replace();
      assert.equal(pool.state.peek().daemons, 1);
      await until("the old ones have ended", () => !before.some(isAlive));
      await until(
        "one fresh daemon answers",
        async () => (await pids(dir)).length === 1,
      );
      await until("it is told", () => pool.state.peek().state === "running");
      await register(paths[0]!);
      assert.deepEqual((await lists(dir)).map(({ length }) => length), [1]);
    },
  );

  await t.step(
    "it grows again, under the names of those that ended",
    async () => {
      for (const path of paths.slice(1)) await register(path);
      assert.deepEqual(
        (await lists(dir)).map(({ length }) => length),
        [2, 2, 2],
      );
    },
  );

  await t.step("all end together, and nothing begins after that", async () => {
    const before = await pids(dir);
    assert.equal(before.length, MOST);
    // One of them hangs: only it takes the time that it is given.
    Deno.kill(before[1]!, "SIGSTOP");
    await pool.stop({ graceMs: 2_000 });
    assert.deepEqual(before.filter(isAlive), []);
    for (const path of paths) assert.equal(pool.has(path), false);
    await assert.rejects(register(paths[0]!));
    assert.deepEqual(before.filter(isAlive), []);
  });
});

Deno.test("while the only daemon is restarted, no second one begins", async () => {
  await using dir = await TempDir.create("pool");
  const path = dir.join(`${someId(1)}.db`);
  using app = AppDatabase.open(path);
  app.insert(1);
  await using pool = await startPool(dir, () => {});
  await until("it is up", () => pool.isUp);
  Deno.kill(await pidOf(dir, 0), "SIGKILL");
  await until("it is down", () => !pool.isUp);
  // Whoever comes meanwhile is told to come again.
  await assert.rejects(pool.register(path, `file://${path}-replica`));
  await until("it is up again", () => pool.isUp);
  await pool.register(path, `file://${path}-replica`);
  assert.equal(pool.state.peek().daemons, 1);
});

Deno.test("daemons that a larger pool left are ended by the next", async () => {
  await using dir = await TempDir.create("pool");
  const script = new URL(
    "../../tests/support/pool_process.ts",
    import.meta.url,
  );
  const manager = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script.href, dir.path],
    stdout: "null",
  }).spawn();
  try {
    await until(
      "all its daemons run",
      async () => (await lists(dir)).length === MOST,
    );
    const before = await pids(dir);
    // It neither goes on nor ends: its daemons live.
    manager.kill("SIGSTOP");
    await using pool = await DaemonPool.start(
      { ...optionsOf(dir, () => {}), most: 1 },
    );
    assert.deepEqual(before.filter(isAlive), []);
    await until("it is up", () => pool.isUp);
  } finally {
    manager.kill("SIGKILL");
    await manager.status;
  }
});

function startPool(
  dir: TempDir,
  onDown: (paths: ReadonlySet<string>) => void,
): Promise<DaemonPool> {
  return DaemonPool.start(optionsOf(dir, onDown));
}

function optionsOf(dir: TempDir, onDown: (paths: ReadonlySet<string>) => void) {
  const { onDown: _, socket: __, ...options } = daemonOptions(dir.path);
  return {
    ...options,
    capacity: CAPACITY,
    most: MOST,
    socketOf: (name: string) => Promise.resolve(dir.join(`${name}.sock`)),
    onDown,
  };
}

/** What each daemon that answers has, by its own word. */
async function lists(dir: TempDir): Promise<string[][]> {
  const all: string[][] = [];
  for (let index = 0; index < 2 * MOST; index++) {
    const answer = await ask(socketOf(dir, index), "/list").catch(() => null);
    if (answer === null) continue;
    const { databases } = answer as { databases: { path: string }[] | null };
    all.push((databases ?? []).map(({ path }) => path).sort());
  }
  return all;
}

/** Process ids of all daemons that answer. */
async function pids(dir: TempDir): Promise<number[]> {
  const all: number[] = [];
  for (let index = 0; index < 2 * MOST; index++) {
    const pid = await pidOf(dir, index).catch(() => null);
    if (pid !== null) all.push(pid);
  }
  return all;
}

async function pidOf(dir: TempDir, index: number): Promise<number> {
  return Number(
    (await ask(socketOf(dir, index), "/info") as { pid: number }).pid,
  );
}

function socketOf(dir: TempDir, index: number): string {
  return dir.join(`litestream${index === 0 ? "" : `-${index + 1}`}.sock`);
}

function ask(socketPath: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => text += chunk);
      response.on("end", () => resolve(JSON.parse(text)));
    }).on("error", reject).end();
  });
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
