/** What became of a request to watch a folder. */
export type WatchResult =
  | "watched"
  /** The folder is not there (any more). */
  | "gone"
  /** The system allows no more watches. */
  | "limit"
  /** This user may not read the folder. */
  | "denied"
  /** The system does not do it, for a reason in its own words. */
  | { readonly error: string };

/** What a watcher tells. A hint only says where to look; it may be late, doubled or lost. */
export interface WatchHandlers {
  /**
   * Something happened to `name` in `folder`; to the folder itself when `name`
   * is empty. `isFolder` is what the name belonged to.
   */
  onHint(folder: string, name: string, isFolder: boolean): void;
  /** Hints were lost, nobody knows which. */
  onOverflow(): void;
  /** The watcher ended by itself and tells nothing from now on. */
  onEnd(reason: string): void;
}

/** Watches folders, each by itself and without those below it. */
export interface FolderWatcher extends AsyncDisposable {
  /** Watches a folder from now on; does no harm when it is watched already. */
  add(folder: string): WatchResult;
  remove(folder: string): void;
}

/**
 * Makes a watcher. When this machine or this process has none, says why, in
 * words that begin an error: then only sweeps find what changed.
 */
export type OpenWatcher = (
  handlers: WatchHandlers,
) => FolderWatcher | { readonly problem: string; readonly hint: string };
