import { fileURLToPath } from "node:url";
import { LineSplitter } from "../domain/line_splitter.ts";
import { BusyError } from "./pin.ts";
import {
  PIN_HOST_ARGUMENT,
  type PinAnswer,
  type PinRequest,
} from "./pin_protocol.ts";

/** An answer takes no longer, in ms: SQLite does not wait for locks there. */
const ANSWER_MS = 60_000;

/** A pin held by the host; see `Pin`. */
export type HeldPin = AsyncDisposable;

interface Call {
  resolve(pin: number | null): void;
  reject(error: Error): void;
}

interface Host {
  readonly child: Deno.ChildProcess;
  /** Calls that wait for its answer: its end is no other host's. */
  readonly calls: Map<number, Call>;
  readonly input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly done: Promise<void>;
}

/** Pins databases through a process that is started when needed; see pin_host.ts. */
export class PinKeeper implements AsyncDisposable {
  readonly #folders: readonly string[];
  readonly #idleMs: number;
  readonly #encoder = new TextEncoder();
  #host: Host | null = null;
  #held = 0;
  #lastCall = 0;
  #idle: ReturnType<typeof setTimeout> | null = null;
  /** The end of a host that was idle. */
  #ending: Promise<void> = Promise.resolve();
  #closed = false;

  /**
   * @param folders what the host may read and write
   * @param options `idleMs`: the host is ended when nobody has needed it for so
   * long, in ms
   */
  constructor(
    folders: readonly string[],
    { idleMs = 10_000 }: { readonly idleMs?: number } = {},
  ) {
    this.#folders = folders;
    this.#idleMs = idleMs;
  }

  /** Starts the host, so that a pin that is wanted soon need not wait for it. */
  warm(): void {
    if (this.#closed || this.#host !== null) return;
    this.#held++;
    this.#host = this.#start();
    this.#letGo();
  }

  /** See `Pin.open`. Throws `BusyError`. */
  pin(path: string): Promise<HeldPin | null> {
    return this.#take("pin", path);
  }

  /** See `Pin.openTruncated`. Throws `BusyError`. */
  pinTruncated(path: string): Promise<HeldPin | null> {
    return this.#take("truncate", path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#ending, this.#end()]);
  }

  async #take(verb: "pin" | "truncate", path: string): Promise<HeldPin | null> {
    this.#held++;
    let pin: number | null = null;
    try {
      pin = await this.#call((call) => ({ call, verb, path }));
    } finally {
      if (pin === null) this.#letGo();
    }
    if (pin === null) return null;
    const host = this.#host;
    const held = pin;
    let released = false;
    return {
      [Symbol.asyncDispose]: async () => {
        if (released) return;
        released = true;
        try {
          // A host that ended has let go of it already.
          if (this.#host === host && host !== null) {
            await this.#call((call) => ({ call, verb: "release", pin: held }));
          }
        } catch {
          // It ended in between.
        } finally {
          this.#letGo();
        }
      },
    };
  }

  #letGo(): void {
    if (--this.#held > 0 || this.#closed) return;
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#ending = this.#end(), this.#idleMs);
  }

  async #call(make: (call: number) => PinRequest): Promise<number | null> {
    if (this.#closed) throw new Error("Cannot pin: the program ends");
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    const { calls, input } = this.#host ??= this.#start();
    const call = ++this.#lastCall;
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    const timer = setTimeout(() => {
      calls.delete(call);
      reject(
        new Error(`No answer of the pin host within ${ANSWER_MS / 1000} s`),
      );
    }, ANSWER_MS);
    calls.set(call, { resolve, reject });
    const line = JSON.stringify(make(call)) + "\n";
    input.write(this.#encoder.encode(line)).catch((error) => {
      calls.delete(call);
      reject(new Error("The pin host ended", { cause: error }));
    });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #start(): Host {
    const child = new Deno.Command(Deno.execPath(), {
      args: hostArguments(this.#folders),
      // Ctrl-C in a terminal is for the manager alone.
      detached: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const calls = new Map<number, Call>();
    const host: Host = {
      child,
      calls,
      input: child.stdin.getWriter(),
      done: this.#read(child, calls).finally(() => {
        if (this.#host === host) this.#host = null;
        return host.input.close().catch(() => {});
      }),
    };
    return host;
  }

  async #read(
    child: Deno.ChildProcess,
    calls: Map<number, Call>,
  ): Promise<void> {
    for await (const line of child.stdout.pipeThrough(new LineSplitter())) {
      const answer = parseAnswer(line);
      // Its last line may be cut off.
      if (answer === null) continue;
      const call = calls.get(answer.call);
      calls.delete(answer.call);
      if ("error" in answer) {
        const { busy, error } = answer;
        call?.reject(busy ? new BusyError(error) : new Error(error));
      } else call?.resolve(answer.pin);
    }
    await child.status;
    for (const call of calls.values()) {
      call.reject(new Error("The pin host ended"));
    }
    calls.clear();
  }

  async #end(): Promise<void> {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    const host = this.#host;
    if (host === null) return;
    this.#host = null;
    // It ends with its input; one that hangs in SQLite is killed.
    const timer = setTimeout(() => {
      try {
        host.child.kill("SIGKILL");
      } catch {
        // It has just ended.
      }
    }, 5_000);
    await host.input.close().catch(() => {});
    await host.done;
    clearTimeout(timer);
  }
}

function parseAnswer(line: string): PinAnswer | null {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The arguments that make this program's own executable the host. */
function hostArguments(folders: readonly string[]): string[] {
  if (Deno.build.standalone) return [PIN_HOST_ARGUMENT];
  // A comma within a path is written twice.
  const paths = folders.map((path) => path.replaceAll(",", ",,")).join(",");
  const module = fileURLToPath(new URL("./pin_host_main.ts", import.meta.url));
  return [
    "run",
    "--no-prompt",
    "--no-lock",
    "--no-config",
    "--cached-only",
    `--allow-read=${paths}`,
    `--allow-write=${paths}`,
    "--v8-flags=--max-semi-space-size=1,--optimize-for-size",
    module,
  ];
}
