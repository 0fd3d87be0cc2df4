import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { AppDatabase } from "../../tests/support/app_database.ts";
import { ManagerProcess } from "../../tests/support/manager_process.ts";
import { onceOptions } from "../../tests/support/once_process.ts";
import { someId } from "../../tests/support/some_client.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { until } from "../../tests/support/until.ts";
import type { LogEvent } from "./log_event.ts";
import { replicateOnce } from "./once.ts";
import { endLeftOverOneShots } from "./one_shot.ts";

Deno.test("it writes a snapshot, tells of it, and leaves no file", async () => {
  await using scene = await Scene.create();
  const events: LogEvent[] = [];
  const replica = scene.dir.join("replica");
  await replicateOnce({
    ...scene.options,
    replicaUrl: `file://${replica}`,
    onEvent: (event) => events.push(event),
  });
  assert(events.some(({ kind }) => kind === "uploaded"));
  for (const level of [0, 9]) {
    assert((await namesIn(`${replica}/ltx/${level}`)).length > 0, `${level}`);
  }
  assert.deepEqual(await scene.files(), []);
});

for (const what of ["never answers", "refuses"] as const) {
  Deno.test(`while the store ${what}, an abort ends it, and leaves no file`, async () => {
    await using scene = await Scene.create();
    const ending = new AbortController();
    const { options, dir } = scene;
    // As one that was backed up before, whose files Litestream compares first.
    await replicateOnce({
      ...options,
      replicaUrl: `file://${dir.join("replica")}`,
    });
    if (what === "refuses") await scene.close();
    let asked = 0;
    const done = replicateOnce({
      ...options,
      signal: ending.signal,
      onEvent: ({ kind }) => asked += Number(kind === "request"),
    });
    let error: unknown = null;
    const ended = done.catch((reason) => error = reason);
    const pid = await scene.pid();
    // By then it waits for the next attempt, or for the answer.
    await until("it asked", () => asked >= (what === "refuses" ? 2 : 1));
    ending.abort();
    try {
      // Depending on when it hears of it, it may go on for minutes by itself.
      await until("it has ended", () => error, { timeoutMs: 12_000 });
    } finally {
      if (isAlive(pid)) Deno.kill(pid, "SIGKILL");
      await ended;
    }
    assert.equal((error as Error).name, "AbortError", String(error));
    assert.equal(isAlive(pid), false);
    assert.deepEqual(await scene.files(), []);
  });
}

Deno.test("an error of the store is told, and no file is left", async () => {
  await using scene = await Scene.create();
  await using server = await refusing();
  const { app, state } = scene;
  await assert.rejects(
    replicateOnce(onceOptions(state, app.path, server.port)),
    /AccessDenied|403/,
  );
  assert.deepEqual(await scene.files(), []);
});

Deno.test("one whose process id cannot be written is ended at once", async () => {
  await using scene = await Scene.create();
  const { writeTextFileSync } = Deno;
  let pid = 0;
  // A full disk takes the first file, and not the second.
  Deno.writeTextFileSync = (_, text) => {
    pid = Number(text);
    throw new Error("No space left on device (os error 28)");
  };
  try {
    await assert.rejects(replicateOnce(scene.options), /No space left/);
  } finally {
    Deno.writeTextFileSync = writeTextFileSync;
  }
  assert(pid > 0);
  assert.equal(isAlive(pid), false);
  assert.deepEqual(await scene.files(), []);
});

Deno.test("what a manager that was killed left is ended, and its files removed", async () => {
  await using scene = await Scene.create();
  const pid = await scene.leftOver();
  await endLeftOverOneShots(scene.state);
  assert.equal(isAlive(pid), false);
  assert.deepEqual(await scene.files(), []);
});

Deno.test("a process that got the number of an old one is left alone", async () => {
  await using scene = await Scene.create();
  const other = new Deno.Command("sleep", { args: ["600"] }).spawn();
  try {
    await Deno.mkdir(`${scene.state}/one-shot-x`);
    await Deno.writeTextFile(`${scene.state}/one-shot-x/pid`, `${other.pid}`);
    await Deno.writeTextFile(`${scene.state}/state.db`, "");
    await endLeftOverOneShots(scene.state);
    assert(isAlive(other.pid));
    assert.deepEqual(await scene.files(), ["state.db"]);
  } finally {
    other.kill("SIGKILL");
    await other.status;
  }
});

Deno.test("the next manager ends it before it registers anything", async () => {
  await using scene = await Scene.create();
  const pid = await scene.leftOver();
  await using manager = new ManagerProcess(scene.dir);
  const first = await manager.start();
  assert.equal(first.uploads, 0);
  assert.equal(isAlive(pid), false);
  const files = await scene.files();
  assert(!files.some((name) => name.startsWith("one-shot-")), files.join());
  await manager.allAsleep(1);
  assert.equal(
    await manager.restoredDigest(scene.app.path),
    scene.app.digest(),
  );
});

/** A database, a state folder, and a store that never answers. */
class Scene implements AsyncDisposable {
  readonly #server = createServer((socket) => {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
  });
  readonly #sockets = new Set<Socket>();

  private constructor(readonly dir: TempDir, readonly app: AppDatabase) {}

  static async create(): Promise<Scene> {
    const dir = await TempDir.create("once");
    await Deno.mkdir(dir.join("data"));
    await Deno.mkdir(dir.join("state"));
    const app = AppDatabase.open(dir.join("data", `${someId(1)}.db`));
    app.insert(10, 500);
    const scene = new Scene(dir, app);
    await new Promise<void>((resolve) =>
      scene.#server.listen(0, "127.0.0.1", resolve)
    );
    return scene;
  }

  get state(): string {
    return this.dir.join("state");
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** With the port that the store has, or had. */
  get options(): ReturnType<typeof onceOptions> {
    return onceOptions(this.state, this.app.path, this.#port ??= this.port);
  }
  #port: number | undefined;

  /** The names in the state folder. */
  async files(): Promise<string[]> {
    return await namesIn(this.state);
  }

  /** The process id of the Litestream that was begun. */
  async pid(): Promise<number> {
    return await until("it has begun", async () => {
      const name = (await this.files()).find((name) =>
        name.startsWith("one-shot-")
      );
      return Number(await Deno.readTextFile(`${this.state}/${name}/pid`));
    });
  }

  /** One whose manager was killed. */
  async leftOver(): Promise<number> {
    const module = new URL(
      "../../tests/support/once_process.ts",
      import.meta.url,
    );
    const args = ["run", "-A", module.href];
    const manager = new Deno.Command(Deno.execPath(), {
      args: [...args, this.state, this.app.path, `${this.port}`],
    }).spawn();
    const pid = await this.pid();
    await until("it waits for the store", () => this.#sockets.size > 0);
    manager.kill("SIGKILL");
    await manager.status;
    assert(isAlive(pid));
    return pid;
  }

  /** From now on the store refuses. */
  async close(): Promise<void> {
    void this.options;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
    this.app.close();
    await this.dir[Symbol.asyncDispose]();
  }
}

/** A store that knows no such key. */
async function refusing() {
  const server = createHttpServer((_, response) => {
    response.writeHead(403, { "content-type": "application/xml" }).end(
      "<Error><Code>AccessDenied</Code><Message>no</Message></Error>",
    );
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names.sort();
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
