import { sleep } from "../domain/sleep.ts";
import { IN, parseEvents } from "./inotify_event.ts";
import { type Libc, loadLibc } from "./libc.ts";
import { tellsSomething } from "./file_name.ts";
import { sysctlHint } from "./watch_limit.ts";
import type {
  FolderWatcher,
  OpenWatcher,
  WatchHandlers,
  WatchResult,
} from "./watcher.ts";

const FLAGS = 0o2000000 | 0o4000; // close on exec, do not block
const ENOENT = 2, EACCES = 13, ENOTDIR = 20, EMFILE = 24, ENOSPC = 28;
const POLLIN = 1;
const LIMIT_FILE = "/proc/sys/fs/inotify/max_user_watches";

const MASK = IN.MODIFY | IN.CREATE | IN.DELETE | IN.MOVED_FROM | IN.MOVED_TO |
  IN.DELETE_SELF | IN.MOVE_SELF | IN.ONLYDIR | IN.EXCL_UNLINK;
const SELF = IN.DELETE_SELF | IN.MOVE_SELF | IN.UNMOUNT | IN.IGNORED;

/**
 * How long after a burst the next is waited for, in ms: the kernel folds equal
 * events into one meanwhile, and a busy writer wakes us 100 times a second at most.
 */
const GATHER_MS = 10;

/** The longest that events are taken in before others get their turn, in ms. */
const SLICE_MS = 5;

/**
 * Linux's inotify, called directly.
 *
 * Not `Deno.watchFs`, for two reasons that were measured with Deno 2.9.6. For
 * each event it opens and closes the file that the event is about, in this
 * process, once per watcher: that drops the POSIX locks of our own SQLite
 * connections (the guard's pin). And it compares each event with each watcher,
 * at 40 µs a pair: with 1,000 folders 25 events a second are all it can do.
 */
export const openInotify: OpenWatcher = (handlers) => {
  const loaded = loadLibc();
  if ("problem" in loaded) return loaded;
  const { libc } = loaded;
  const inotify = libc.symbols.inotify_init1(FLAGS);
  if (inotify < 0) {
    const errno = libc.errno();
    libc.close();
    return errno === EMFILE
      ? {
        problem: "the system allows this user no more inotify instances",
        hint: sysctlHint("fs.inotify.max_user_instances", 1024),
      }
      : {
        problem: `inotify does not start (error ${errno})`,
        hint: "Without it changes are found by sweeping the folders",
      };
  }
  const stop = libc.symbols.eventfd(0, FLAGS);
  if (stop < 0) {
    libc.symbols.close(inotify);
    libc.close();
    return {
      problem: "the system gives no event descriptor",
      hint: "Raise the limit of open files (ulimit -n)",
    };
  }
  return new Inotify(libc, inotify, stop, handlers);
};

class Inotify implements FolderWatcher {
  readonly #libc: Libc;
  readonly #inotify: number;
  readonly #stop: number;
  readonly #handlers: WatchHandlers;
  readonly #folders = new Map<number, string>();
  readonly #watches = new Map<string, number>();
  readonly #reading: Promise<void>;
  #closed = false;

  constructor(
    libc: Libc,
    inotify: number,
    stop: number,
    handlers: WatchHandlers,
  ) {
    this.#libc = libc;
    this.#inotify = inotify;
    this.#stop = stop;
    this.#handlers = handlers;
    this.#reading = this.#read();
  }

  add(folder: string): WatchResult {
    if (folder.includes("\0") || this.#closed) return "gone";
    const path = cText(folder);
    const watch = this.#libc.symbols.inotify_add_watch(
      this.#inotify,
      path,
      MASK,
    );
    if (watch < 0) {
      const errno = this.#libc.errno();
      if (errno === ENOENT || errno === ENOTDIR) return "gone";
      if (errno === ENOSPC) return { limit: readLimit(this.#libc) };
      if (errno === EACCES) return "denied";
      return { error: `error ${errno}` };
    }
    const old = this.#watches.get(folder);
    if (old !== watch) this.remove(folder);
    // A folder that was renamed keeps its watch: it belongs to the new name now.
    const renamed = this.#folders.get(watch);
    if (old === watch && renamed === folder) return "kept";
    if (renamed !== undefined && renamed !== folder) {
      this.#watches.delete(renamed);
    }
    this.#watches.set(folder, watch);
    this.#folders.set(watch, folder);
    return "watched";
  }

  remove(folder: string): void {
    const watch = this.#watches.get(folder);
    if (watch === undefined) return;
    this.#watches.delete(folder);
    this.#folders.delete(watch);
    // Fails when the kernel took it back itself, which is as good.
    if (!this.#closed) {
      this.#libc.symbols.inotify_rm_watch(this.#inotify, watch);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#libc.symbols.write(this.#stop, new BigUint64Array([1n]), 8n);
    }
    await this.#reading;
  }

  async #read(): Promise<void> {
    const polled = new Int32Array([this.#inotify, POLLIN, this.#stop, POLLIN]);
    const buffer = new Uint8Array(65_536);
    let failures = 0;
    while (!this.#closed) {
      const ready = await this.#libc.symbols.poll(polled, 2n, -1);
      if (this.#closed) break;
      failures = ready < 0 || (polled[1]! >> 16 & ~POLLIN) !== 0
        ? failures + 1
        : 0;
      if (failures > 10) {
        this.#handlers.onEnd("the system no longer answers inotify's poll");
        this.#closed = true;
        break;
      }
      const start = performance.now();
      while (!this.#closed && performance.now() - start < SLICE_MS) {
        const size = Number(
          this.#libc.symbols.read(this.#inotify, buffer, BigInt(buffer.length)),
        );
        if (size <= 0) break;
        this.#tell(buffer.subarray(0, size));
      }
      if (!this.#closed) await sleep(GATHER_MS);
    }
    this.#libc.symbols.close(this.#inotify);
    this.#libc.symbols.close(this.#stop);
    this.#libc.close();
  }

  #tell(bytes: Uint8Array): void {
    for (const { watch, mask, name } of parseEvents(bytes)) {
      if ((mask & IN.Q_OVERFLOW) !== 0) {
        this.#handlers.onOverflow();
        continue;
      }
      const folder = this.#folders.get(watch);
      if (folder === undefined) continue;
      if ((mask & IN.IGNORED) !== 0) {
        this.#folders.delete(watch);
        this.#watches.delete(folder);
        // Unmounted and mounted again, it would look as if nothing had happened.
        this.add(folder);
      }
      if ((mask & SELF) !== 0) this.#handlers.onHint(folder, "", true);
      else if (name !== null && name !== "") {
        const isFolder = (mask & IN.ISDIR) !== 0;
        if (tellsSomething(name, isFolder)) {
          this.#handlers.onHint(folder, name, isFolder);
        }
      }
    }
  }
}

/** How many watches the system allows a user; null when it does not say. */
function readLimit({ symbols }: Libc): number | null {
  // Not by Deno: for what stands below /proc it wants every permission.
  const file = symbols.open(cText(LIMIT_FILE), FLAGS);
  if (file < 0) return null;
  const buffer = new Uint8Array(32);
  const size = Number(symbols.read(file, buffer, BigInt(buffer.length)));
  symbols.close(file);
  const text = new TextDecoder().decode(buffer.subarray(0, Math.max(0, size)));
  return /^\d+\s*$/.test(text) ? Number(text) : null;
}

function cText(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
