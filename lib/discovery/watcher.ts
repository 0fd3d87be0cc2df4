/** What became of a request to watch a folder. */
export type WatchResult =
  | "watched"
  /** It was watched already, by a watch that still works. */
  | "kept"
  /** It is not known yet: `onResult` tells. */
  | "pending"
  /** The folder is not there (any more). */
  | "gone"
  /** This user may not read the folder. */
  | "denied"
  /** The system allows no more watches than so many; null when it does not say how many. */
  | { readonly limit: number | null }
  /** The system does not do it, for a reason in its own words. */
  | { readonly error: string; readonly hint?: string };

/** What a watcher tells. A hint only says where to look; it may be late, doubled or lost. */
export interface WatchHandlers {
  /**
   * Something happened to `name` in `folder`; to the folder itself when `name`
   * is empty. `isFolder` is what the name belonged to.
   */
  onHint(folder: string, name: string, isFolder: boolean): void;
  /** Hints were lost, nobody knows which. */
  onOverflow(): void;
  /**
   * What became of a folder whose adding was `pending`, or that was watched and
   * is no more.
   */
  onResult(folder: string, result: Exclude<WatchResult, "pending">): void;
  /** The watcher ended by itself and tells nothing from now on. */
  onEnd(reason: string): void;
}

/** Watches folders, each by itself and without those below it. */
export interface FolderWatcher extends AsyncDisposable {
  /** Watches a folder from now on; does no harm when it is watched already. */
  add(folder: string): WatchResult;
  remove(folder: string): void;
  /** Called now and then: a watcher that hangs is to find out that it does. */
  probe?(): void;
}

/** Why there is no watcher, in words that begin an error, and what to do. */
export interface WatchProblem {
  readonly problem: string;
  readonly hint: string;
}

/**
 * Makes a watcher. When this machine or this process has none, says why: then
 * only sweeps find what changed.
 */
export type OpenWatcher = (
  handlers: WatchHandlers,
) => FolderWatcher | WatchProblem;
