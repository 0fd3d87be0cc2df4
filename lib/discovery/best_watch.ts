import { MAX_FOLDERS, openDenoWatch } from "./deno_watch.ts";
import { openInotify } from "./inotify.ts";
import type {
  FolderWatcher,
  OpenWatcher,
  WatchHandlers,
  WatchResult,
} from "./watcher.ts";

/**
 * `Deno.watchFs` for as many folders as it is good for; with more of them, and
 * where the program may use FFI, Linux's inotify called directly. Elsewhere the
 * folders that are too many are swept.
 */
export const openBestWatch: OpenWatcher = (handlers) =>
  new BestWatch(handlers, openDenoWatch(handlers) as FolderWatcher);

class BestWatch implements FolderWatcher {
  readonly #handlers: WatchHandlers;
  readonly #folders = new Set<string>();
  #watcher: FolderWatcher;
  #old: FolderWatcher | null = null;

  constructor(handlers: WatchHandlers, watcher: FolderWatcher) {
    this.#handlers = handlers;
    this.#watcher = watcher;
  }

  add(folder: string): WatchResult {
    this.#folders.add(folder);
    if (this.#folders.size > MAX_FOLDERS && this.#old === null) this.#change();
    const result = this.#watcher.add(folder);
    if (result === "gone") this.#folders.delete(folder);
    return result;
  }

  remove(folder: string): void {
    this.#folders.delete(folder);
    this.#watcher.remove(folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watcher[Symbol.asyncDispose]();
    await this.#old?.[Symbol.asyncDispose]();
  }

  #change(): void {
    if (!mayUseFfi()) return;
    const opened = openInotify(this.#handlers);
    if ("problem" in opened) return;
    this.#old = this.#watcher;
    this.#watcher = opened;
    for (const folder of this.#folders) {
      this.#old.remove(folder);
      opened.add(folder);
    }
    // What happened in between was perhaps not seen.
    this.#handlers.onOverflow();
  }
}

function mayUseFfi(): boolean {
  return Deno.build.os === "linux" &&
    Deno.permissions.querySync({ name: "ffi" }).state === "granted";
}
