import { classifyName } from "./file_name.ts";
import type {
  FolderWatcher,
  OpenWatcher,
  WatchHandlers,
  WatchResult,
} from "./watcher.ts";

/** A path can be watched again only after its old watch was closed for so long, in ms. */
const REOPEN_MS = 20;
/**
 * Deno compares each event with each watch, at 40 µs a pair (measured with Deno
 * 2.9.6): with 1,000 folders 25 events a second are all it can do.
 */
export const MAX_FOLDERS = 64;
/** A watch whose `next()` throws so often in a row is dead. */
const MAX_FAILURES = 10;

/**
 * Deno's own watch on files: one for each folder, not for those below it.
 *
 * For each event it opens and closes the file that the event is about, in this
 * process, which drops the POSIX locks of SQLite connections of this process:
 * there must be none on clients' databases. See lib/protection/pin_host.ts.
 */
export const openDenoWatch: OpenWatcher = (handlers) => new DenoWatch(handlers);

class DenoWatch implements FolderWatcher {
  readonly #handlers: WatchHandlers;
  readonly #watches = new Map<string, Deno.FsWatcher>();
  readonly #reopening = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #loops = new Set<Promise<void>>();
  #closed = false;

  constructor(handlers: WatchHandlers) {
    this.#handlers = handlers;
  }

  add(folder: string): WatchResult {
    if (this.#closed || this.#reopening.has(folder)) return "watched";
    if (!this.#watches.has(folder)) {
      if (this.#watches.size + this.#reopening.size < MAX_FOLDERS) {
        return this.#open(folder);
      }
      return {
        error: `Deno.watchFs gets slow with more than ${MAX_FOLDERS} folders`,
      };
    }
    // Perhaps it is dead: a folder that was removed and made again is silent.
    this.#close(folder);
    const timer = setTimeout(() => {
      this.#reopening.delete(folder);
      if (this.#open(folder) === "watched") {
        // What happened meanwhile was not seen.
        this.#handlers.onHint(folder, "", true);
      }
    }, REOPEN_MS);
    this.#reopening.set(folder, timer);
    return "watched";
  }

  remove(folder: string): void {
    clearTimeout(this.#reopening.get(folder));
    this.#reopening.delete(folder);
    this.#close(folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const timer of this.#reopening.values()) clearTimeout(timer);
    this.#reopening.clear();
    for (const folder of [...this.#watches.keys()]) this.#close(folder);
    await Promise.all(this.#loops);
  }

  #open(folder: string): WatchResult {
    let watcher: Deno.FsWatcher;
    try {
      watcher = Deno.watchFs(folder, { recursive: false });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "gone";
      if (error instanceof Deno.errors.PermissionDenied) return "denied";
      const { message } = error as Error;
      return /limit reached/.test(message)
        ? { limit: null }
        : { error: message };
    }
    this.#watches.set(folder, watcher);
    const loop = this.#read(folder, watcher)
      .finally(() => this.#loops.delete(loop));
    this.#loops.add(loop);
    return "watched";
  }

  #close(folder: string): void {
    const watcher = this.#watches.get(folder);
    this.#watches.delete(folder);
    watcher?.close();
  }

  async #read(folder: string, watcher: Deno.FsWatcher): Promise<void> {
    const events = watcher[Symbol.asyncIterator]();
    for (let failures = 0; failures < MAX_FAILURES;) {
      try {
        const { done, value } = await events.next();
        if (done) return;
        failures = 0;
        this.#tell(folder, value);
      } catch {
        // A name that is not UTF-8 throws, and the next call goes on.
        if (this.#watches.get(folder) !== watcher) return;
        failures++;
        this.#handlers.onOverflow();
      }
    }
    this.#close(folder);
  }

  #tell(folder: string, { kind, flag, paths }: Deno.FsEvent): void {
    if (flag === "rescan") this.#handlers.onOverflow();
    // Its kind says little: what became of a path, a look at the disk tells.
    if (kind === "access") return;
    for (const path of paths) {
      const name = path.slice(folder.length + 1);
      if (name.includes("/")) continue;
      // Any name that tells nothing may be a folder's.
      const isFolder = name === "" || classifyName(name).kind === "other";
      this.#handlers.onHint(folder, name, isFolder);
    }
  }
}
