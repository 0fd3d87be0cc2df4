import type { Folder } from "./folder_tree.ts";
import type { Troubles } from "./troubles.ts";
import { neededWatches, sysctlHint } from "./watch_limit.ts";
import type {
  FolderWatcher,
  OpenWatcher,
  WatchHandlers,
  WatchResult,
} from "./watcher.ts";

const SUBJECT = "inotify";
const UNTIL = "until then changes are found by sweeps, within 30 s";
/** While others are refused, so many are tried at a time. */
const MAX_TRIED = 100;

export interface WatchSetOptions
  extends Pick<WatchHandlers, "onHint" | "onOverflow"> {
  readonly troubles: Troubles;
  /** Whether other machines write in a folder, of which no watch tells. */
  isRemote(path: string): boolean;
  /** A folder that was not watched is from now on: what happened before was not seen. */
  onWatched(path: string): void;
  /** Not every folder is watched any more. */
  onIncomplete(): void;
}

/** The watches on all folders, and which folders the system would not let us watch. */
export class WatchSet implements AsyncDisposable {
  readonly #options: WatchSetOptions;
  #watcher: FolderWatcher | null = null;
  readonly #ended: FolderWatcher[] = [];
  /** All by path. */
  readonly #folders = new Set<string>();
  readonly #pending = new Set<string>();
  readonly #unwatched = new Set<string>();
  readonly #denied = new Set<string>();
  readonly #remote = new Set<string>();
  /** By the number of the file system's device. */
  readonly #remoteDevices = new Map<string, boolean>();
  /** Why the last that is not watched is not. */
  #refusal: Exclude<WatchResult, string> | null = null;

  constructor(open: OpenWatcher, options: WatchSetOptions) {
    this.#options = options;
    const opened = open({
      onHint: options.onHint,
      onOverflow: options.onOverflow,
      onResult: (folder, result) => this.#take(folder, result),
      onEnd: (reason) => {
        if (this.#watcher !== null) this.#ended.push(this.#watcher);
        this.#watcher = null;
        this.#report(reason, "Restart to watch folders again");
        options.onOverflow();
        options.onIncomplete();
      },
    });
    if ("problem" in opened) this.#report(opened.problem, opened.hint);
    else this.#watcher = opened;
  }

  /** Whether every folder that may be read is watched, and its watch tells all. */
  get complete(): boolean {
    return this.#watcher !== null && this.#unwatched.size === 0 &&
      this.#pending.size === 0 && this.#remote.size === 0;
  }

  /**
   * Watches a folder, again if it was watched. When the system does not let us,
   * that is told, and tried again later.
   *
   * @returns false when the folder is gone
   */
  add({ path, identity }: Folder): boolean {
    if (this.#watcher === null) return true;
    if (this.#isRemote(path, identity)) this.#remote.add(path);
    const result = this.#watcher.add(path);
    if (result === "gone") {
      this.#remote.delete(path);
      return false;
    }
    this.#folders.add(path);
    this.#note(path, result);
    return true;
  }

  remove({ path }: Folder): void {
    this.#folders.delete(path);
    this.#pending.delete(path);
    this.#unwatched.delete(path);
    this.#denied.delete(path);
    this.#remote.delete(path);
    this.#watcher?.remove(path);
  }

  /** Tries again what the system did not allow. */
  retry(): void {
    this.#watcher?.probe?.();
    for (const path of [...this.#denied]) this.#again(path);
    this.#retryUnwatched(MAX_TRIED);
  }

  /** Tells of trouble, or that it is over; when all folders were asked for. */
  settle(): void {
    if (this.#watcher === null || this.#pending.size > 0) return;
    if (this.#unwatched.size === 0) {
      this.#refusal = null;
      this.#options.troubles.clear(SUBJECT);
    } else if (this.#refusal !== null) this.#tell(this.#refusal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const watchers = [...this.#ended, this.#watcher];
    this.#watcher = null;
    for (const watcher of watchers) await watcher?.[Symbol.asyncDispose]();
  }

  #retryUnwatched(most: number): void {
    let tried = 0;
    for (const path of [...this.#unwatched]) {
      const result = this.#again(path);
      // Refused one, others are as well.
      if (typeof result === "object") return;
      if (result === "pending" && ++tried === most) return;
    }
  }

  #isRemote(path: string, identity: string): boolean {
    const device = identity.slice(0, identity.indexOf(":"));
    let isRemote = this.#remoteDevices.get(device);
    if (isRemote === undefined) {
      isRemote = this.#options.isRemote(path);
      this.#remoteDevices.set(device, isRemote);
    }
    return isRemote;
  }

  #again(path: string): WatchResult | undefined {
    const result = this.#watcher?.add(path);
    // Whoever looks at it next finds out when it is gone.
    if (result !== undefined && result !== "gone") this.#note(path, result);
    return result;
  }

  #note(path: string, result: Exclude<WatchResult, "gone">): void {
    const wasComplete = this.complete;
    this.#pending.delete(path);
    this.#unwatched.delete(path);
    this.#denied.delete(path);
    if (result === "pending") this.#pending.add(path);
    else if (result === "denied") {
      // Whoever lists it will say so; nothing in it can be followed anyhow.
      this.#denied.add(path);
    } else if (typeof result === "object") {
      this.#unwatched.add(path);
      this.#refusal = result;
    }
    if (wasComplete && !this.complete) this.#options.onIncomplete();
  }

  /** What became of a folder is told later, perhaps after it went away. */
  #take(path: string, result: Exclude<WatchResult, "pending">): void {
    if (!this.#folders.has(path)) return;
    if (result === "gone") {
      // Gone and back again under its name, it is tried at the next sweep.
      this.#pending.delete(path);
      this.#unwatched.add(path);
      this.#options.onHint(path, "", true);
    } else this.#note(path, result);
    if (result === "watched") this.#options.onWatched(path);
    if (this.#pending.size > 0) return;
    // One that was refused before was not now: so are others, perhaps.
    if (result === "watched") this.#retryUnwatched(Infinity);
    this.settle();
  }

  #tell(refusal: Exclude<WatchResult, string>): void {
    if ("error" in refusal) {
      const { error, hint } = refusal;
      this.#report(error, hint ?? `Until it works ${UNTIL.slice(11)}`);
      return;
    }
    const { limit } = refusal;
    const needed = neededWatches({
      limit,
      unwatched: this.#unwatched.size,
      folders: this.#folders.size,
    });
    this.#report(
      limit === null
        ? "the system allows this user no more inotify watches"
        : `the system allows this user ${limit} inotify watches, which are used up`,
      `${sysctlHint("fs.inotify.max_user_watches", needed)}; ${UNTIL}`,
    );
  }

  #report(reason: string, hint: string): void {
    this.#options.troubles.report(
      SUBJECT,
      `Cannot watch every folder: ${reason}`,
      hint,
    );
  }
}
