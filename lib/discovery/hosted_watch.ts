import { fileURLToPath } from "node:url";
import { backoffMs } from "../domain/backoff.ts";
import { LineSplitter } from "../domain/line_splitter.ts";
import type {
  HostResult,
  WatchAnswer,
  WatchRequest,
} from "./watch_protocol.ts";
import type {
  FolderWatcher,
  OpenWatcher,
  WatchHandlers,
  WatchResult,
} from "./watcher.ts";

/** So many folders are asked for at a time. */
const MAX_ASKED = 500;
/** A host that does not answer for so long hangs, in ms. */
const ANSWER_MS = 30_000;
/** A host that lived for so long did not end for a reason that stands, in ms. */
const STEADY_MS = 60_000;
/** So long it may take to end, in ms. */
const END_MS = 5_000;
/** What Deno finds its cache of compiled modules by. No credentials. */
const PASSED = ["HOME", "DENO_DIR", "XDG_CACHE_HOME"];

interface Host {
  readonly child: Deno.ChildProcess;
  readonly input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly startedAt: number;
  readonly done: Promise<void>;
}

type Refusal = Extract<WatchResult, { error: string }>;

/**
 * Watches through a process that may call the system's C library, see
 * watch_host.ts, which is started again when it ends.
 */
export const openHostedWatch: OpenWatcher = (handlers) => {
  if (Deno.build.os !== "linux") {
    return {
      problem: `inotify does not exist on "${Deno.build.os}"`,
      hint: "Changes are found by sweeps, within 30 s",
    };
  }
  if (Deno.build.standalone) {
    // A program that was compiled can start itself only with what it may do.
    return {
      problem: "this program was compiled without --allow-ffi",
      hint: "Compile it by deno task compile; until then changes are found " +
        "by sweeps, within 30 s",
    };
  }
  try {
    return new HostedWatch(handlers);
  } catch (error) {
    return refusalOf(error);
  }
};

class HostedWatch implements FolderWatcher {
  readonly #handlers: WatchHandlers;
  readonly #encoder = new TextEncoder();
  /** What is to be watched, and how far that is. */
  readonly #folders = new Map<string, "asked" | "watched" | "refused">();
  /** Of what the host is to hear, added or removed: whichever it is by then. */
  readonly #unsaid = new Set<string>();
  /** What it was asked to add and has not answered. */
  #asked: readonly string[] | null = null;
  #host: Host | null;
  /** Why there is no host. */
  #down: Refusal | null = null;
  #failures = 0;
  #isScheduled = false;
  #overdue: ReturnType<typeof setTimeout> | undefined;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #hangs = false;
  #closed = false;

  /** Throws when the host cannot be started. */
  constructor(handlers: WatchHandlers) {
    this.#handlers = handlers;
    this.#host = this.#start();
  }

  add(folder: string): WatchResult {
    if (this.#closed) return "gone";
    const state = this.#folders.get(folder);
    if (this.#down !== null) {
      // The next host hears of all of them.
      this.#folders.set(folder, "refused");
      return this.#down;
    }
    if (state !== "watched") this.#folders.set(folder, "asked");
    this.#change(folder);
    return state === "watched" ? "kept" : "pending";
  }

  remove(folder: string): void {
    if (this.#folders.delete(folder)) this.#change(folder);
  }

  probe(): void {
    if (this.#asked === null) this.#ask([], []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    clearTimeout(this.#overdue);
    const host = this.#host;
    if (host === null) return;
    const timer = setTimeout(() => kill(host.child), END_MS);
    await host.input.close().catch(() => {});
    await host.done;
    clearTimeout(timer);
  }

  #change(folder: string): void {
    // Asked for again, its turn is at the end: the order of what stands counts.
    this.#unsaid.delete(folder);
    this.#unsaid.add(folder);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // What a whole slice of a sweep finds is said at once.
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#sayNext();
    });
  }

  #sayNext(): void {
    if (this.#asked !== null || this.#unsaid.size === 0) return;
    const remove: string[] = [], add: string[] = [];
    for (const folder of this.#unsaid) {
      if (remove.length + add.length === MAX_ASKED) break;
      this.#unsaid.delete(folder);
      if (this.#folders.has(folder)) add.push(folder);
      else remove.push(folder);
    }
    this.#ask(remove, add);
  }

  #ask(remove: readonly string[], add: readonly string[]): void {
    const host = this.#host;
    if (host === null || this.#closed) return;
    this.#asked = add;
    const request: WatchRequest = { remove, add };
    const line = JSON.stringify(request) + "\n";
    // When that fails, it ended, which is heard in another place.
    host.input.write(this.#encoder.encode(line)).catch(() => {});
    this.#overdue = setTimeout(() => {
      this.#hangs = true;
      kill(host.child);
    }, ANSWER_MS);
  }

  #take(answer: WatchAnswer): void {
    if (Array.isArray(answer)) {
      const [folder, name, isFolder] = answer as [string, string, boolean];
      this.#handlers.onHint(folder, name, isFolder);
    } else if ("done" in answer) this.#takeDone(new Map(answer.done));
    else if ("overflow" in answer) this.#handlers.onOverflow();
  }

  #takeDone(results: ReadonlyMap<string, HostResult>): void {
    clearTimeout(this.#overdue);
    const asked = this.#asked ?? [];
    this.#asked = null;
    for (const folder of asked) {
      const state = this.#folders.get(folder);
      // What was asked since then has an answer of its own.
      if (state === undefined || this.#unsaid.has(folder)) continue;
      const result = results.get(folder) ?? "watched";
      if (result !== "watched" && result !== "kept") {
        this.#folders.set(folder, "refused");
        this.#handlers.onResult(folder, result);
        continue;
      }
      this.#folders.set(folder, "watched");
      if (state !== "watched") this.#handlers.onResult(folder, "watched");
      // Its old watch was dead: what happened meanwhile was not seen.
      else if (result === "watched") this.#handlers.onHint(folder, "", true);
    }
    this.#sayNext();
  }

  #start(): Host {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--no-lock",
        "--no-config",
        "--cached-only",
        "--allow-ffi",
        "--v8-flags=--max-semi-space-size=1,--optimize-for-size",
        fileURLToPath(new URL("./watch_host_main.ts", import.meta.url)),
      ],
      clearEnv: true,
      env: passedEnvironment(),
      // Ctrl-C in a terminal is for the manager alone.
      detached: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const host: Host = {
      child,
      input: child.stdin.getWriter(),
      startedAt: performance.now(),
      done: this.#read(child).then((refusal) => {
        this.#host = null;
        if (!this.#closed) this.#fail(refusal, host);
        return host.input.close().catch(() => {});
      }),
    };
    return host;
  }

  /** Hears a host until its end; tells why it ended. */
  async #read(child: Deno.ChildProcess): Promise<Refusal> {
    let problem: Refusal | null = null;
    for await (const line of child.stdout.pipeThrough(new LineSplitter())) {
      const answer = parseAnswer(line);
      // Its last line may be cut off.
      if (answer === null) continue;
      if ("problem" in answer) {
        problem = { error: answer.problem, hint: answer.hint };
        kill(child);
      } else if (!this.#closed) this.#take(answer);
    }
    const { code, signal } = await child.status;
    if (problem !== null) return problem;
    const how = this.#hangs
      ? `did not answer for ${ANSWER_MS / 1_000} s`
      : `ended by ${signal ?? `itself with status ${code}`}`;
    return { error: `the process that watches ${how}` };
  }

  #fail({ error, hint }: Refusal, host: Host): void {
    clearTimeout(this.#overdue);
    this.#asked = null;
    this.#hangs = false;
    this.#unsaid.clear();
    if (performance.now() - host.startedAt > STEADY_MS) this.#failures = 0;
    this.#failures++;
    const again =
      "It is started again; until then changes are found by sweeps, within 30 s";
    this.#stay({ error, hint: hint ?? again });
  }

  /** Without a host for a while. */
  #stay(refusal: Refusal): void {
    this.#down = refusal;
    for (const folder of this.#folders.keys()) {
      this.#folders.set(folder, "refused");
    }
    this.#restart = setTimeout(() => {
      try {
        this.#host = this.#start();
      } catch (error) {
        this.#failures++;
        const { problem, hint } = refusalOf(error);
        this.#stay({ error: problem, hint });
        return;
      }
      this.#down = null;
      for (const folder of [...this.#folders.keys()]) this.add(folder);
    }, backoffMs(this.#failures));
    for (const folder of [...this.#folders.keys()]) {
      this.#handlers.onResult(folder, refusal);
    }
  }
}

function refusalOf(error: unknown): { problem: string; hint: string } {
  if (error instanceof Deno.errors.NotCapable) {
    return {
      problem: "the process that watches needs a permission",
      hint:
        `Add ${Deno.execPath()} to --allow-run, or give --allow-ffi; until then changes are found by sweeps, within 30 s`,
    };
  }
  const { message } = error as Error;
  return {
    problem: `the process that watches does not start: ${message}`,
    hint: "Changes are found by sweeps, within 30 s",
  };
}

function passedEnvironment(): Record<string, string> {
  const passed: Record<string, string> = {
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
  };
  for (const name of PASSED) {
    try {
      const value = Deno.env.get(name);
      if (value !== undefined) passed[name] = value;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
    }
  }
  return passed;
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has just ended.
  }
}

function parseAnswer(line: string): WatchAnswer | null {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
