import type { WatchResult } from "./watcher.ts";

/** A line from the manager to the watch host. */
export interface WatchRequest {
  /** Not watched any more; done first. */
  readonly remove: readonly string[];
  readonly add: readonly string[];
}

/** What the host found out about a folder that it was to watch. */
export type HostResult = Exclude<WatchResult, "pending" | "watched">;

/** A line from the watch host to the manager. */
export type WatchAnswer =
  /**
   * The oldest request that has no answer is done. Folders that are not named
   * are watched from now on, by a watch that was made for it.
   */
  | { readonly done: readonly (readonly [string, HostResult])[] }
  /** Something happened: folder, name in it, whether it belonged to a folder. */
  | readonly [folder: string, name: string, isFolder: boolean]
  /** Hints were lost. */
  | { readonly overflow: true }
  /** It cannot go on, and ends. */
  | { readonly problem: string; readonly hint: string };
