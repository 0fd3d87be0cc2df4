import { type ReadonlySignal, signal } from "@preact/signals-core";
import { getLogger } from "@logtape/logtape";
import { join } from "node:path";
import { backoffMs } from "../domain/backoff.ts";
import type { ClientId } from "../domain/client_id.ts";
import type { Txid } from "../domain/txid.ts";
import { ControlError, ControlSocket } from "./control_socket.ts";
import { spawnLitestream } from "./spawn.ts";
import { daemonArguments } from "./daemon_command.ts";
import { daemonConfig } from "./daemon_config.ts";
import { type LogEvent, parseLogLine } from "./log_event.ts";
import { readLines } from "./read_lines.ts";
import { sleep } from "../domain/sleep.ts";
import { commandLine, endProcess } from "./process.ts";

const log = getLogger(["litestream-manager", "daemon"]);

export interface DaemonOptions {
  /** Path of the Litestream program. */
  readonly program: string;
  /** The child's whole environment; see `childEnvironment`. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder for its configuration. */
  readonly stateDir: string;
  /** Tells its files from those of other daemons there. @default {"litestream"} */
  readonly name?: string;
  /** Path of its control socket. */
  readonly socket: string;
  readonly retentionMs: number;
  /** Hears every event of its log, in order. */
  onEvent(event: LogEvent): void;
  /** It ended: nothing is registered any more. Told before it starts again. */
  onDown(): void;
  onUp(): void;
  /** Whether a client waits for its verdict; see `parseLogLine`. */
  wantsVerify(id: ClientId): boolean;
}

/** What is known of the daemon's process. */
export interface DaemonState {
  readonly state: "starting" | "running" | "restarting" | "stopped";
  readonly version: string | null;
  readonly pid: number | null;
  readonly rssBytes: number | null;
  readonly restarts: number;
  readonly error: string | null;
}

/** How long a daemon may take to open its socket. */
const READY_MS = 15_000;
/** How long a database that is there by mistake gets for its last sync, in ms. */
const LET_GO_MS = 5_000;
/** How often a daemon is asked whether it lives, in ms, and how often in vain. */
const WATCH_EVERY_MS = 10_000;
const MOST_MISSES = 3;
/** A daemon that ran for so long is not failing to start. */
const STEADY_MS = 60_000;

/**
 * The Litestream child: kept running until it is disposed of, with a growing
 * pause between restarts.
 */
export class Daemon implements AsyncDisposable {
  readonly #options: DaemonOptions;
  readonly #control: ControlSocket;
  readonly #state = signal<DaemonState>({
    state: "starting",
    version: null,
    pid: null,
    rssBytes: null,
    restarts: 0,
    error: null,
  });
  readonly #ending = new AbortController();
  #child: Deno.ChildProcess | null = null;
  /** It was told to end, and another one to begin. */
  #replacing = false;
  #running: Promise<void> = Promise.resolve();

  private constructor(options: DaemonOptions) {
    this.#options = options;
    this.#control = new ControlSocket(options.socket);
  }

  /**
   * Ends whatever daemon an earlier manager left at this socket, then keeps
   * one running. Resolves before it is ready.
   */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const daemon = new Daemon(options);
    await daemon.#endPredecessor();
    await Deno.writeTextFile(
      daemon.#configFile,
      daemonConfig(options),
      { mode: 0o600 },
    );
    daemon.#running = daemon.#keepRunning();
    return daemon;
  }

  /** Ends the daemon that an earlier manager left under these options, if any. */
  static async endLeftOver(options: DaemonOptions): Promise<void> {
    const daemon = new Daemon(options);
    await daemon.#endPredecessor();
    daemon.#control[Symbol.dispose]();
  }

  get state(): ReadonlySignal<DaemonState> {
    return this.#state;
  }

  get isUp(): boolean {
    return this.#state.peek().state === "running";
  }

  /**
   * Gives it a database, newly: one that it has already, by a call whose answer
   * was lost, is taken from it first.
   */
  async register(path: string, replicaUrl: string): Promise<void> {
    for (let attempt = 1; attempt <= 3; attempt++) {
      if (await this.#ask(() => this.#control.register(path, replicaUrl))) {
        return;
      }
      await this.unregister(path, LET_GO_MS);
    }
    throw new Error(`The Litestream daemon does not let go of "${path}"`);
  }

  /** See `ControlSocket.unregister`. */
  unregister(path: string, timeoutMs: number): Promise<Txid | null> {
    return this.#ask(() => this.#control.unregister(path, timeoutMs));
  }

  /** Ends the process; a new one takes its place. For a daemon nobody uses. */
  replace(): void {
    this.#replacing = true;
    this.#signal("SIGTERM");
  }

  /** Ends the daemon for good, within `graceMs`. */
  async stop({ graceMs = 5_000 }: { graceMs?: number } = {}): Promise<void> {
    this.#ending.abort();
    const child = this.#child;
    if (child !== null) {
      this.#signal("SIGTERM");
      const timer = setTimeout(() => this.#signal("SIGKILL"), graceMs);
      await child.status;
      clearTimeout(timer);
    }
    await this.#running;
    this.#control[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * A daemon that does not answer is ended: what it did with the call, and with
   * all other databases, nobody knows.
   */
  async #ask<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof ControlError && error.unanswered) this.#giveUp();
      throw error;
    }
  }

  #giveUp(): void {
    log.error("The Litestream daemon does not answer: another takes its place");
    this.#signal("SIGKILL");
  }

  /** Asks now and then whether it still answers, as long as the child lives. */
  async #watch(ended: AbortSignal): Promise<void> {
    for (let misses = 0; !ended.aborted;) {
      await sleep(WATCH_EVERY_MS, { signal: ended });
      if (ended.aborted) return;
      try {
        await this.#control.info({ timeoutMs: WATCH_EVERY_MS });
        misses = 0;
      } catch {
        if (++misses === MOST_MISSES && !ended.aborted) return this.#giveUp();
      }
    }
  }

  get #name(): string {
    return this.#options.name ?? "litestream";
  }

  get #configFile(): string {
    return join(this.#options.stateDir, `${this.#name}.yml`);
  }

  get #pidFile(): string {
    return join(this.#options.stateDir, `${this.#name}.pid`);
  }

  async #keepRunning(): Promise<void> {
    const { signal: ending } = this.#ending;
    for (let failures = 0; !ending.aborted;) {
      const startedAt = performance.now();
      const error = await this.#runOnce();
      if (ending.aborted) break;
      const steady = performance.now() - startedAt > STEADY_MS;
      failures = steady || error === null ? 0 : failures + 1;
      this.#update({
        state: "restarting",
        pid: null,
        rssBytes: null,
        // One that was told to make room for another is no trouble.
        restarts: this.#state.peek().restarts + (error === null ? 0 : 1),
        error,
      });
      if (error !== null) {
        log.error("The Litestream daemon ended: {error}", { error });
      }
      await sleep(failures === 0 ? 0 : backoffMs(failures, { maxMs: 30_000 }), {
        signal: ending,
      });
    }
    this.#update({ state: "stopped", pid: null, rssBytes: null });
  }

  /** Runs one daemon to its end; returns what went wrong, null if it was told to end. */
  async #runOnce(): Promise<string | null> {
    const { program, env } = this.#options;
    try {
      await removeIfThere(this.#options.socket);
    } catch (error) {
      return `Cannot remove "${this.#options.socket}": ${
        (error as Error).message
      }`;
    }
    // Nobody would end a child that begins after `stop`.
    if (this.#ending.signal.aborted) return null;
    this.#replacing = false;
    let child: Deno.ChildProcess;
    try {
      const args = daemonArguments(this.#configFile, Deno.pid);
      child = spawnLitestream(program, args, env);
    } catch (error) {
      return `Cannot start "${program}": ${(error as Error).message}`;
    }
    this.#child = child;
    const lastWords: string[] = [];
    const output = Promise.all([
      this.#read(child.stdout, lastWords),
      this.#read(child.stderr, lastWords),
    ]);
    const ended = new AbortController();
    const ready = this.#awaitReady(child.pid, ended.signal);
    try {
      await Deno.writeTextFile(this.#pidFile, String(child.pid));
    } catch (error) {
      // Without it, a later manager would not find the process.
      lastWords.push((error as Error).message);
      this.#signal("SIGKILL");
    }
    const status = await child.status;
    ended.abort();
    this.#child = null;
    await Promise.all([output, ready]);
    this.#options.onDown();
    if (this.#ending.signal.aborted) return null;
    // One that ends by itself, and well, would otherwise begin again at once.
    if (this.#replacing && status.success) return null;
    const how = status.signal ?? `exit status ${status.code}`;
    return [how, ...lastWords.slice(-3)].join(": ");
  }

  async #read(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    lastWords: string[],
  ): Promise<void> {
    const { onEvent, wantsVerify } = this.#options;
    await readLines(stream, (line) => {
      const event = parseLogLine(line, wantsVerify);
      if (event === null) {
        if (!line.startsWith("{") && line.trim() !== "") lastWords.push(line);
      } else if (event.kind === "memory") {
        this.#update({ rssBytes: event.rssBytes });
      } else {
        if (event.kind === "notice") lastWords.push(event.message);
        onEvent(event);
      }
      if (lastWords.length > 20) lastWords.shift();
    });
  }

  /** Waits for the socket to answer, as long as the child lives. */
  async #awaitReady(pid: number, ended: AbortSignal): Promise<void> {
    const deadline = performance.now() + READY_MS;
    for (let failure = "no answer"; !ended.aborted;) {
      try {
        const info = await this.#control.info({ timeoutMs: 2_000 });
        if (ended.aborted) return;
        this.#update({
          state: "running",
          version: info.version,
          pid,
          error: null,
        });
        this.#options.onUp();
        return await this.#watch(ended);
      } catch (error) {
        failure = (error as Error).message;
      }
      if (performance.now() > deadline) {
        log.error("The daemon does not open its socket: {failure}", {
          failure,
        });
        return this.#signal("SIGKILL");
      }
      await sleep(50, { signal: ended });
    }
  }

  /**
   * A manager that was killed may leave its daemon, for a moment or for long,
   * and two daemons on one database would ruin its backup.
   */
  async #endPredecessor(): Promise<void> {
    for (const pid of await this.#predecessors()) {
      log.warn("Ending Litestream daemon {pid} of an earlier manager", { pid });
      if (await endProcess(pid, { graceMs: 5_000 })) continue;
      throw new Error(
        `Cannot end Litestream daemon ${pid} that an earlier manager left: end it, then start again`,
      );
    }
  }

  /** Who answers at our socket, or runs with our configuration. */
  async #predecessors(): Promise<Set<number>> {
    const pids = new Set<number>();
    const last = Number(await readIfThere(this.#pidFile));
    if (last > 0) {
      const command = await commandLine(last);
      if (command?.includes(this.#configFile)) pids.add(last);
    }
    try {
      pids.add((await this.#control.info({ timeoutMs: 2_000 })).pid);
    } catch {
      // Nobody listens.
    }
    return pids;
  }

  #signal(name: Deno.Signal): void {
    try {
      this.#child?.kill(name);
    } catch (error) {
      // It ended in between.
      if (
        !(error instanceof TypeError || error instanceof Deno.errors.NotFound)
      ) {
        throw error;
      }
    }
  }

  #update(change: Partial<DaemonState>): void {
    this.#state.value = { ...this.#state.peek(), ...change };
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
