import { dirname, join, resolve } from "node:path";

/** Name of the file that says who looks after a folder. */
export const LOCK_FILE = ".litestream-manager.lock";

/** Somebody else looks after the folder. */
export class FolderLockedError extends Error {
  override name = "FolderLockedError";
}

/**
 * Keeps other managers away from a folder for as long as this process lives.
 * The lock is the kernel's and ends with the process, however that ends; the
 * process id in the file is for messages.
 */
export class FolderLock implements Disposable {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Throws `FolderLockedError` when another manager has the folder. */
  static take(folder: string): FolderLock {
    const path = join(folder, LOCK_FILE);
    const file = Deno.openSync(path, { create: true, read: true, write: true });
    try {
      if (!file.tryLockSync(true)) throw lockedBy(folder, readPid(file));
      file.truncateSync(0);
      file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
      return new FolderLock(file);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * Throws when another manager looks after a folder above this one: both would
 * find the same databases.
 */
export function refuseIfLockedAbove(folder: string): void {
  let at = Deno.realPathSync(folder);
  for (let above = dirname(at); above !== at; above = dirname(at)) {
    at = above;
    refuseIfLocked(at);
  }
}

/**
 * Throws when another manager looks after a folder between one of these and the
 * watch folder that it is in.
 *
 * @param folders where databases were found
 * @param roots the watch folders, which this process has locked
 */
export function refuseIfLockedBelow(
  folders: Iterable<string>,
  roots: readonly string[],
): void {
  const seen = new Set(roots.map((root) => resolve(root)));
  for (const folder of folders) {
    for (let at = folder; !seen.has(at); at = dirname(at)) {
      seen.add(at);
      refuseIfLocked(at);
    }
  }
}

function refuseIfLocked(folder: string): void {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(join(folder, LOCK_FILE));
  } catch {
    return; // None, or not ours to see.
  }
  using opened = file;
  if (!opened.tryLockSync(false)) throw lockedBy(folder, readPid(opened));
}

function lockedBy(folder: string, pid: string): FolderLockedError {
  return new FolderLockedError(
    `Another manager (process ${pid}) looks after "${folder}": stop it, or give this one folders of its own`,
  );
}

function readPid(file: Deno.FsFile): string {
  const bytes = new Uint8Array(32);
  file.seekSync(0, Deno.SeekMode.Start);
  const count = file.readSync(bytes) ?? 0;
  return new TextDecoder().decode(bytes.subarray(0, count)).trim() || "unknown";
}
