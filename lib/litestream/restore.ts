import { join } from "node:path";
import { type OneShotOptions, runOneShot } from "./one_shot.ts";

export interface RestoreOptions extends OneShotOptions {
  /** Whether Litestream runs SQLite's `PRAGMA quick_check` on what it restored. */
  readonly check: boolean;
}

/**
 * Restores the newest state of a replica into a file that nobody else knows, hands
 * its path to `use`, and removes it. Throws Litestream's last words when it fails;
 * an abort ends it.
 */
export async function restoreOnce<T>(
  options: RestoreOptions,
  use: (path: string) => T,
): Promise<Awaited<T>> {
  const fileIn = (folder: string) => join(folder, "restored.db");
  return await runOneShot(options, (folder) => ({
    // The client's own path stands nowhere: nothing can be written there.
    databasePath: fileIn(folder),
    words: [
      "restore",
      "-no-expand-env",
      ...options.check ? ["-integrity-check", "quick"] : [],
    ],
    rest: [fileIn(folder)],
  }), (folder) => use(fileIn(folder)));
}
