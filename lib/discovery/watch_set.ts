import type { Folder } from "./folder_tree.ts";
import type { Troubles } from "./troubles.ts";
import type { FolderWatcher, OpenWatcher, WatchHandlers } from "./watcher.ts";

const SUBJECT = "inotify";
const LIMIT_HINT =
  "Run sysctl -w fs.inotify.max_user_watches=1048576 (and put it into /etc/sysctl.d); until then changes are found by sweeps";

export interface WatchSetOptions extends Omit<WatchHandlers, "onEnd"> {
  readonly troubles: Troubles;
}

/** The watches on all folders, and which folders the system would not let us watch. */
export class WatchSet implements AsyncDisposable {
  readonly #troubles: Troubles;
  #watcher: FolderWatcher | null = null;
  readonly #ended: FolderWatcher[] = [];
  readonly #unwatched = new Set<Folder>();
  readonly #denied = new Set<Folder>();
  #limited = false;

  constructor(open: OpenWatcher, options: WatchSetOptions) {
    this.#troubles = options.troubles;
    const opened = open({
      onHint: options.onHint,
      onOverflow: options.onOverflow,
      onEnd: (reason) => {
        if (this.#watcher !== null) this.#ended.push(this.#watcher);
        this.#watcher = null;
        this.#report(reason, "Restart to watch folders again");
        options.onOverflow();
      },
    });
    if ("problem" in opened) this.#report(opened.problem, opened.hint);
    else this.#watcher = opened;
  }

  /** Whether every folder that may be read is watched. */
  get complete(): boolean {
    return this.#watcher !== null && this.#unwatched.size === 0;
  }

  /**
   * Watches a folder, again if it was watched. When the system does not let us,
   * that is told, and tried again later.
   *
   * @returns false when the folder is gone
   */
  add(folder: Folder): boolean {
    if (this.#watcher === null) return true;
    const result = this.#watcher.add(folder.path);
    if (result === "gone") return false;
    if (result === "watched") {
      this.#unwatched.delete(folder);
      this.#denied.delete(folder);
      return true;
    }
    if (result === "denied") {
      // Whoever lists it will say so; nothing in it can be followed anyhow.
      this.#unwatched.delete(folder);
      this.#denied.add(folder);
      return true;
    }
    this.#unwatched.add(folder);
    this.#limited = true;
    if (result === "limit") {
      this.#report("the system allows this user no more watches", LIMIT_HINT);
    } else {this.#report(
        result.error,
        "Until it works changes are found by sweeps",
      );}
    return true;
  }

  remove(folder: Folder): void {
    this.#unwatched.delete(folder);
    this.#denied.delete(folder);
    this.#watcher?.remove(folder.path);
  }

  /** Tries again what the system did not allow. */
  retry(): void {
    for (const folder of [...this.#denied]) this.add(folder);
    const limited = this.#limited;
    this.#limited = false;
    for (const folder of [...this.#unwatched]) {
      this.add(folder);
      if (this.#limited) return;
    }
    if (limited) this.#troubles.clear(SUBJECT);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const watchers = [...this.#ended, this.#watcher];
    this.#watcher = null;
    for (const watcher of watchers) await watcher?.[Symbol.asyncDispose]();
  }

  #report(reason: string, hint: string): void {
    this.#troubles.report(
      SUBJECT,
      `Cannot watch every folder: ${reason}`,
      hint,
    );
  }
}
