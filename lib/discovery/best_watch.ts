import { MAX_FOLDERS, openDenoWatch } from "./deno_watch.ts";
import { openHostedWatch } from "./hosted_watch.ts";
import { openInotify } from "./inotify.ts";
import type {
  FolderWatcher,
  OpenWatcher,
  WatchHandlers,
  WatchResult,
} from "./watcher.ts";

/**
 * `Deno.watchFs` opens every file that it has an event of, and tells of our own
 * reading: it loses events where much is written. When it did so that often within
 * minutes, something better is worth its 50 MB.
 */
export const MOST_OVERFLOWS = 8;
const OVERFLOWS_MS = 5 * 60_000;
/** With fewer hints than this in a while, `Deno.watchFs` is good enough again. */
export const QUIET_HINTS = 100;
const QUIET_MS = 15_000;
/** With more folders than this it is no good choice after a burst, see `MAX_FOLDERS`. */
export const FEW_FOLDERS = MAX_FOLDERS / 4;
/** The while is twice as long each time it was not good enough after all, up to this, in ms. */
const MAX_QUIET_MS = 60 * 60_000;

export interface BestWatchOptions {
  /** What comes in the place of the first. @default {inotify} */
  readonly better?: OpenWatcher;
  /** Whether `better` takes a process, which is ended when it is quiet. */
  readonly isHosted?: boolean;
  /** @default {15000} */
  readonly quietMs?: number;
}

/**
 * `Deno.watchFs` for as many folders and events as it is good for; with more of
 * them Linux's inotify, called directly where the program may use FFI, else by a
 * process of its own that may. Where there is neither, the folders that are too
 * many are swept. That process ends when little happens any more.
 */
export const openBestWatch: OpenWatcher = startingWith(openDenoWatch);

/** {@linkcode openBestWatch} with another watcher in the place of Deno's. */
export function startingWith(
  open: OpenWatcher,
  options: BestWatchOptions = {},
): OpenWatcher {
  return (handlers) => new BestWatch(handlers, open, options);
}

class BestWatch implements FolderWatcher {
  readonly #handlers: WatchHandlers;
  readonly #open: OpenWatcher;
  readonly #options: BestWatchOptions;
  readonly #folders = new Set<string>();
  readonly #ended = new Set<Promise<void>>();
  #watcher: FolderWatcher;
  #isBetter = false;
  /** Why there is nothing for more folders. */
  #refusal: { error: string; hint: string } | null = null;
  /** When events were lost lately. */
  #overflows: number[] = [];
  /** Hints in this while. */
  #hints = 0;
  #quietMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(
    handlers: WatchHandlers,
    open: OpenWatcher,
    options: BestWatchOptions,
  ) {
    this.#handlers = handlers;
    this.#open = open;
    this.#options = options;
    this.#quietMs = options.quietMs ?? QUIET_MS;
    this.#watcher = this.#openFirst() as FolderWatcher;
  }

  add(folder: string): WatchResult {
    this.#folders.add(folder);
    if (this.#folders.size > MAX_FOLDERS && !this.#isBetter) this.#change();
    const result = this.#watcher.add(folder);
    if (result === "gone") this.#folders.delete(folder);
    const isTooMany = !this.#isBetter && typeof result === "object" &&
      "error" in result;
    return isTooMany ? this.#refusal ?? result : result;
  }

  remove(folder: string): void {
    this.#folders.delete(folder);
    this.#watcher.remove(folder);
  }

  probe(): void {
    this.#watcher.probe?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#end(this.#watcher);
    await Promise.all(this.#ended);
  }

  #openFirst() {
    return this.#open({
      ...this.#handlers,
      onOverflow: () => {
        this.#handlers.onOverflow();
        const now = performance.now();
        this.#overflows = this.#overflows
          .filter((at) => now - at < OVERFLOWS_MS)
          .concat(now);
        if (this.#overflows.length >= MOST_OVERFLOWS) this.#change();
      },
    });
  }

  #change(): void {
    if (this.#refusal !== null || this.#isBetter || this.#closed) return;
    const isHosted = this.#options.isHosted ?? !mayUseFfi();
    const open = this.#options.better ??
      (isHosted ? openHostedWatch : openInotify);
    const opened = open({
      ...this.#handlers,
      onHint: (folder, name, isFolder) => {
        this.#hints++;
        this.#handlers.onHint(folder, name, isFolder);
      },
      onOverflow: () => {
        // So many that they were not told one by one.
        this.#hints += QUIET_HINTS;
        this.#handlers.onOverflow();
      },
    });
    if ("problem" in opened) {
      const { problem, hint } = opened;
      this.#overflows = [];
      this.#refusal = {
        error:
          `Deno.watchFs is good for ${MAX_FOLDERS} folders, and ${problem}`,
        hint,
      };
      return;
    }
    const old = this.#watcher;
    this.#watcher = opened;
    this.#isBetter = true;
    for (const folder of this.#folders) {
      old.remove(folder);
      const result = opened.add(folder);
      if (typeof result === "object") this.#handlers.onResult(folder, result);
    }
    this.#end(old);
    // What happened in between was perhaps not seen; of the others their
    // result tells when they are watched.
    if (isHosted) this.#goBackWhenQuiet();
    else this.#handlers.onOverflow();
  }

  #goBackWhenQuiet(): void {
    this.#hints = 0;
    this.#timer = setTimeout(() => {
      const isQuiet = this.#hints < QUIET_HINTS &&
        this.#folders.size <= FEW_FOLDERS;
      if (!isQuiet || !this.#goBack()) this.#goBackWhenQuiet();
    }, this.#quietMs);
  }

  /** What the process had still to say, a look at the folders tells. */
  #goBack(): boolean {
    // Refused it is tried less often as well.
    this.#quietMs = Math.min(MAX_QUIET_MS, this.#quietMs * 2);
    const first = this.#openFirst();
    if ("problem" in first) return false;
    const results = new Map<string, Exclude<WatchResult, "pending">>();
    for (const folder of this.#folders) {
      const result = first.add(folder);
      if (typeof result === "object" || result === "pending") {
        this.#end(first);
        return false;
      }
      results.set(folder, result);
    }
    this.#end(this.#watcher);
    this.#watcher = first;
    this.#isBetter = false;
    this.#overflows = [];
    for (const [folder, result] of results) {
      this.#handlers.onResult(folder, result);
    }
    return true;
  }

  #end(watcher: FolderWatcher): void {
    const ended = Promise.resolve(watcher[Symbol.asyncDispose]())
      .finally(() => this.#ended.delete(ended));
    this.#ended.add(ended);
  }
}

function mayUseFfi(): boolean {
  return Deno.build.os === "linux" &&
    Deno.permissions.querySync({ name: "ffi" }).state === "granted";
}
