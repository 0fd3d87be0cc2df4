import { fileURLToPath } from "node:url";
import { LineSplitter } from "../litestream/line_splitter.ts";
import { BusyError } from "./pin.ts";
import {
  PIN_HOST_ARGUMENT,
  type PinAnswer,
  type PinRequest,
} from "./pin_protocol.ts";

/** The host is ended when nobody has needed it for so long, in ms. */
const IDLE_MS = 10_000;
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
  readonly input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly done: Promise<void>;
}

/** Pins databases through a process that is started when needed; see pin_host.ts. */
export class PinKeeper implements AsyncDisposable {
  readonly #folders: readonly string[];
  readonly #calls = new Map<number, Call>();
  readonly #encoder = new TextEncoder();
  #host: Host | null = null;
  #held = 0;
  #lastCall = 0;
  #idle: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  /** @param folders what the host may read and write */
  constructor(folders: readonly string[]) {
    this.#folders = folders;
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
    await this.#end();
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
    this.#idle = setTimeout(() => void this.#end(), IDLE_MS);
  }

  async #call(make: (call: number) => PinRequest): Promise<number | null> {
    if (this.#closed) throw new Error("Cannot pin: the program ends");
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    this.#host ??= this.#start();
    const call = ++this.#lastCall;
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    const timer = setTimeout(() => {
      this.#calls.delete(call);
      reject(
        new Error(`No answer of the pin host within ${ANSWER_MS / 1000} s`),
      );
    }, ANSWER_MS);
    this.#calls.set(call, { resolve, reject });
    const line = JSON.stringify(make(call)) + "\n";
    this.#host.input.write(this.#encoder.encode(line)).catch((error) => {
      this.#calls.delete(call);
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
    const host: Host = {
      child,
      input: child.stdin.getWriter(),
      done: this.#read(child).finally(() => {
        if (this.#host === host) this.#host = null;
      }),
    };
    return host;
  }

  async #read(child: Deno.ChildProcess): Promise<void> {
    for await (const line of child.stdout.pipeThrough(new LineSplitter())) {
      const answer = JSON.parse(line) as PinAnswer;
      const call = this.#calls.get(answer.call);
      this.#calls.delete(answer.call);
      if ("error" in answer) {
        const { busy, error } = answer;
        call?.reject(busy ? new BusyError(error) : new Error(error));
      } else call?.resolve(answer.pin);
    }
    await child.status;
    for (const call of this.#calls.values()) {
      call.reject(new Error("The pin host ended"));
    }
    this.#calls.clear();
  }

  async #end(): Promise<void> {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    const host = this.#host;
    if (host === null) return;
    this.#host = null;
    // It ends with its input; one that hangs in SQLite is killed.
    const timer = setTimeout(() => host.child.kill("SIGKILL"), 5_000);
    await host.input.close().catch(() => {});
    await host.done;
    clearTimeout(timer);
  }
}

/** The arguments that make this program's own executable the host. */
function hostArguments(folders: readonly string[]): string[] {
  if (Deno.build.standalone) return [PIN_HOST_ARGUMENT];
  // A comma within a path is written twice.
  const paths = folders.map((path) => path.replaceAll(",", ",,")).join(",");
  const module = fileURLToPath(new URL("./pin_host.ts", import.meta.url));
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
