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

/**
 * `Deno.watchFs` for as many folders and events as it is good for; with more of
 * them Linux's inotify, called directly where the program may use FFI, else by a
 * process of its own that may. Where there is neither, the folders that are too
 * many are swept.
 */
export const openBestWatch: OpenWatcher = startingWith(openDenoWatch);

/** {@linkcode openBestWatch} with another watcher in the place of Deno's. */
export function startingWith(open: OpenWatcher): OpenWatcher {
  return (handlers) => new BestWatch(handlers, open);
}

class BestWatch implements FolderWatcher {
  readonly #handlers: WatchHandlers;
  readonly #folders = new Set<string>();
  #watcher: FolderWatcher;
  #old: FolderWatcher | null = null;
  /** Why there is nothing for more folders. */
  #refusal: { error: string; hint: string } | null = null;

  /** When events were lost lately. */
  #overflows: number[] = [];

  constructor(handlers: WatchHandlers, open: OpenWatcher) {
    this.#handlers = handlers;
    this.#watcher = open({
      ...handlers,
      onOverflow: () => {
        handlers.onOverflow();
        const now = performance.now();
        this.#overflows = this.#overflows
          .filter((at) => now - at < OVERFLOWS_MS)
          .concat(now);
        if (this.#overflows.length >= MOST_OVERFLOWS) this.#change();
      },
    }) as FolderWatcher;
  }

  add(folder: string): WatchResult {
    this.#folders.add(folder);
    if (this.#folders.size > MAX_FOLDERS && this.#old === null) this.#change();
    const result = this.#watcher.add(folder);
    if (result === "gone") this.#folders.delete(folder);
    const isTooMany = this.#old === null && typeof result === "object" &&
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
    await this.#watcher[Symbol.asyncDispose]();
    await this.#old?.[Symbol.asyncDispose]();
  }

  #change(): void {
    if (this.#refusal !== null || this.#old !== null) return;
    const isDirect = mayUseFfi();
    const opened = isDirect
      ? openInotify(this.#handlers)
      : openHostedWatch(this.#handlers);
    if ("problem" in opened) {
      const { problem, hint } = opened;
      this.#refusal = {
        error:
          `Deno.watchFs is good for ${MAX_FOLDERS} folders, and ${problem}`,
        hint,
      };
      return;
    }
    this.#old = this.#watcher;
    this.#watcher = opened;
    for (const folder of this.#folders) {
      this.#old.remove(folder);
      const result = opened.add(folder);
      if (typeof result === "object") this.#handlers.onResult(folder, result);
    }
    // What happened in between was perhaps not seen; of the others their
    // result tells when they are watched.
    if (isDirect) this.#handlers.onOverflow();
  }
}

function mayUseFfi(): boolean {
  return Deno.build.os === "linux" &&
    Deno.permissions.querySync({ name: "ffi" }).state === "granted";
}
