import { join } from "node:path";
import {
  startEnvironment,
  startPermissions,
} from "../../lib/cli/start_task.ts";
import type { ClientId } from "../../lib/domain/client_id.ts";
import { findLitestream } from "../../lib/setup/find_litestream.ts";
import { until, type UntilOptions } from "./until.ts";

const MAIN = import.meta.resolve("../../main.ts");

/** One client as `GET /api/status` tells it. */
export interface ApiClient {
  readonly clientId: ClientId;
  readonly databasePath: string;
  readonly s3Path: string;
  readonly status: string;
  readonly awake: boolean;
  readonly unsyncedForMs: number | null;
  readonly txid: string | null;
  readonly replicatedTxid: string | null;
  readonly sizeBytes: number;
  readonly error: string | null;
  readonly hint: string | null;
  readonly blocked: string | null;
}

/** What tests read of `GET /api/status`. */
export interface ApiStatus {
  readonly bucket: string;
  readonly watchDirs: readonly string[];
  readonly totalClients: number;
  readonly activeClients: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly awake: number;
  readonly asleep: number;
  readonly daemon: {
    readonly state: string;
    readonly version: string | null;
    readonly pid: number | null;
    readonly rssBytes: number | null;
    readonly restarts: number;
    readonly error: string | null;
  };
  readonly requests: Readonly<Record<string, number>>;
  readonly troubles: readonly { readonly message: string }[];
  readonly clients: readonly ApiClient[];
}

export interface RunManagerOptions {
  /** Flags; `--port 0` is added, and Litestream where none is named. */
  readonly args: readonly string[];
  /** Added to PATH and HOME, which are all that passes of ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** False returns as soon as it runs, for one that is to end by itself. @default true */
  readonly waitUntilReady?: boolean;
  /** What Deno runs, with options of its own before it. @default {["main.ts"]} */
  readonly program?: readonly string[];
  readonly cwd?: string;
  /** In a process group of its own, as a program that a terminal started. */
  readonly detached?: boolean;
  /** Words before the command line, such as `setpriv`; they must end in an exec. */
  readonly prefix?: readonly string[];
}

/** A manager as an operator runs it: main.ts in a process of its own. */
export class ManagerProcess implements AsyncDisposable {
  /** All that it wrote on standard output, and on standard error. */
  stdout = "";
  stderr = "";
  readonly #ended: Promise<Deno.CommandStatus>;
  #status: Deno.CommandStatus | null = null;
  /** Process ids of the daemons seen. */
  readonly #daemons = new Set<number>();

  private constructor(private readonly child: Deno.ChildProcess) {
    const read = async (
      stream: ReadableStream<Uint8Array>,
      add: (text: string) => void,
    ) => {
      const decoder = new TextDecoder();
      for await (const chunk of stream) {
        add(decoder.decode(chunk, { stream: true }));
      }
    };
    this.#ended = Promise.all([
      child.status,
      read(child.stdout, (text) => this.stdout += text),
      read(child.stderr, (text) => this.stderr += text),
    ]).then(([status]) => this.#status = status);
  }

  /**
   * Starts it, with the permissions of `deno task start`, and waits until
   * `/readyz` says yes.
   *
   * @throws {Error} with what it wrote, if it ends instead or does not get ready
   */
  static async start(
    {
      args,
      env = {},
      waitUntilReady = true,
      program = [MAIN],
      cwd,
      detached = false,
      prefix = [],
    }: RunManagerOptions,
  ): Promise<ManagerProcess> {
    const all = await withDefaults(args);
    const { PATH = "", HOME = "", DENO_DIR } = Deno.env.toObject();
    const [command, ...words] = [
      ...prefix,
      Deno.execPath(),
      "run",
      ...startPermissions(),
      ...program,
      ...all,
    ] as [string, ...string[]];
    const child = new Deno.Command(command, {
      args: words,
      ...(cwd ? { cwd } : {}),
      detached,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      clearEnv: true,
      env: {
        PATH,
        HOME,
        ...(DENO_DIR ? { DENO_DIR } : {}),
        ...startEnvironment(),
        ...env,
      },
    }).spawn();
    const manager = new ManagerProcess(child);
    if (!waitUntilReady) return manager;
    try {
      await manager.until("it is ready", async () => {
        const response = await fetch(`${manager.url}/readyz`);
        const text = await response.text();
        if (!response.ok) throw new Error(`/readyz: ${text}`);
        return true;
      });
      return manager;
    } catch (error) {
      await manager[Symbol.asyncDispose]();
      throw new Error(
        `Cannot start the manager: ${
          (error as Error).message
        }\n${manager.stderr}`,
        { cause: error },
      );
    }
  }

  get pid(): number {
    return this.child.pid;
  }

  /** Address of its dashboard, which it tells when it listens. */
  get url(): string {
    const said = /Dashboard: (http:\/\/\S+)/.exec(this.stderr + this.stdout)
      ?.[1];
    if (said === undefined) throw new Error("It has not said where it listens");
    return said.replaceAll('"', "");
  }

  /** Polls, and stops doing so when the manager ends. */
  async until<T>(
    what: string,
    probe: () => T | Promise<T>,
    options: UntilOptions = {},
  ): Promise<NonNullable<T>> {
    const ended = new AbortController();
    void this.#ended.then(({ code, signal }) =>
      ended.abort(
        new Error(
          `The manager ended (${signal ?? code}) while waiting until ${what}`,
        ),
      )
    );
    return await until(what, probe, { ...options, signal: ended.signal });
  }

  async get(path: string): Promise<Response> {
    return await fetch(`${this.url}${path}`);
  }

  async status(): Promise<ApiStatus> {
    const response = await this.get("/api/status");
    if (!response.ok) throw new Error(`/api/status: ${await response.text()}`);
    const status: ApiStatus = await response.json();
    if (status.daemon.pid !== null) this.#daemons.add(status.daemon.pid);
    return status;
  }

  async client(id: ClientId | string): Promise<ApiClient | undefined> {
    return (await this.status()).clients.find((one) => one.clientId === id);
  }

  /**
   * Polls until every client is protected, and returns the status that says so.
   *
   * @param count how many clients there must be
   */
  async untilProtected(
    count: number,
    options: UntilOptions = {},
  ): Promise<ApiStatus> {
    return await this.until(`all ${count} clients are protected`, async () => {
      const status = await this.status();
      if (
        status.counts["protected"] === count && status.totalClients === count
      ) {
        return status;
      }
      throw new Error(JSON.stringify({ ...status, clients: undefined }));
    }, { everyMs: 200, timeoutMs: 120_000, ...options });
  }

  /** Polls until so many clients are protected, and none is awake. */
  async untilAsleep(count: number): Promise<void> {
    await this.until("all are asleep and protected", async () => {
      const { awake, counts, totalClients } = await this.status();
      if (awake === 0 && counts["protected"] === count) return true;
      throw new Error(JSON.stringify({ awake, counts, totalClients }));
    }, { timeoutMs: 120_000 });
  }

  /** Sends a signal and does not wait. */
  kill(signal: Deno.Signal): void {
    if (this.#status === null) this.child.kill(signal);
  }

  /** How it ended; waits for that. */
  async ended(): Promise<Deno.CommandStatus> {
    return await this.#ended;
  }

  /**
   * Ends it as an operator does, with SIGTERM.
   *
   * @throws {Error} if it has not ended after 60 s, or not with 0
   */
  async stop(): Promise<void> {
    this.kill("SIGTERM");
    await until("the manager has ended", () => this.#status !== null);
    const { code, signal } = await this.#ended;
    if (code !== 0) {
      throw new Error(
        `The manager ended with ${signal ?? code}\n${this.stderr}`,
      );
    }
  }

  /** Kills it, and waits for its daemon, which ends by itself then. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#status === null) await this.status().catch(() => {});
    this.kill("SIGKILL");
    await this.#ended;
    // It still writes beside databases that are about to be removed.
    await until("its daemon has ended", () => !isAnyAlive(this.#daemons), {
      timeoutMs: 20_000,
    });
  }
}

function isAnyAlive(pids: Iterable<number>): boolean {
  for (const pid of pids) {
    try {
      // The third field, after the program's name in parentheses.
      const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
      if (!/\) [ZX] /.test(stat)) return true;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return false;
}

async function withDefaults(args: readonly string[]): Promise<string[]> {
  const has = (name: string) =>
    args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  const all = [...args];
  if (!has("port")) all.push("--port", "0");
  if (!has("litestream")) {
    all.push("--litestream", await litestreamPath());
  }
  return all;
}

/** Litestream, as the tests run it; downloads nothing. */
export async function litestreamPath(): Promise<string> {
  const { path } = await findLitestream({
    explicit: null,
    env: Deno.env.toObject(),
    signal: AbortSignal.timeout(60_000),
  });
  return path;
}

/** Flags for a manager whose state and `file://` replica are in a temporary folder. */
export function localFlags(dir: string): string[] {
  return [
    "--watch-dir",
    join(dir, "data"),
    "--bucket",
    `file://${join(dir, "replica")}`,
    "--state-dir",
    join(dir, "state"),
  ];
}
