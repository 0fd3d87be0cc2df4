export interface MemorySaverOptions {
  /** Whether there is nothing to do that a standstill would delay. */
  isIdle(): boolean;
  /** How often that is asked, in ms. @default {5000} */
  readonly everyMs?: number;
  /** @default V8's collection of all garbage, when V8 offers it */
  collect?(): void;
  /** The memory that this process has, in bytes. @default {Deno.memoryUsage} */
  rssBytes?(): number;
  /** A clock that only goes forward, in ms. @default {performance.now} */
  now?(): number;
}

const EVERY_MS = 5_000;
/** So much more than after the last time is worth another, in bytes. */
const WORTH_BYTES = 8 << 20;
/** The part of the time that may go into it. */
const SHARE = 1 / 200;

/**
 * Has V8 give back what it keeps because it may be needed again: after a burst of
 * work that is half of the memory, and by itself V8 gives it back only when memory
 * runs out. While it does, the program stands still, some ms for each MB in use;
 * therefore only when it has been idle for a while.
 *
 * Needs V8's flag `--expose-gc`, which `deno task start` gives; does nothing
 * without it.
 */
export class MemorySaver implements Disposable {
  readonly #options: MemorySaverOptions;
  readonly #collect: (() => void) | null;
  readonly #rssBytes: () => number;
  readonly #now: () => number;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #wasIdle = false;
  #keptBytes = 0;
  #notBefore = 0;

  constructor(options: MemorySaverOptions) {
    this.#options = options;
    this.#collect = options.collect ?? garbageCollector();
    this.#rssBytes = options.rssBytes ?? (() => Deno.memoryUsage().rss);
    this.#now = options.now ?? (() => performance.now());
    if (this.#collect === null) return;
    this.#timer = setInterval(() => this.check(), options.everyMs ?? EVERY_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Gives memory back if it has been idle since the last call; called every 5 s. */
  check(): void {
    const wasIdle = this.#wasIdle;
    this.#wasIdle = this.#options.isIdle();
    if (!wasIdle || !this.#wasIdle) return;
    const start = this.#now();
    if (start < this.#notBefore) return;
    if (this.#rssBytes() < this.#keptBytes + WORTH_BYTES) return;
    this.#collect?.();
    this.#keptBytes = this.#rssBytes();
    const end = this.#now();
    this.#notBefore = end + (end - start) / SHARE;
  }
}

function garbageCollector(): (() => void) | null {
  const { gc } = globalThis as { gc?: (options: object) => void };
  if (gc === undefined) return null;
  // "last-resort" also forgets code that was compiled and is not used any more.
  const all = { type: "major", execution: "sync", flavor: "last-resort" };
  return () => gc(all);
}
