import { type BigIntStats, existsSync, lstatSync, statSync } from "node:fs";
import { sep } from "node:path";
import type { FileFacts } from "../domain/client.ts";

const LOOK = { bigint: true, throwIfNoEntry: false } as const;

/** What stands at a path, as far as discovery asks. */
export type Stats =
  & Pick<
    BigIntStats,
    "dev" | "ino" | "size" | "mtimeNs" | "mtimeMs" | "ctimeMs" | "birthtimeMs"
  >
  & Pick<BigIntStats, "isFile" | "isDirectory" | "isSymbolicLink">;

/** Nothing stands below a file: that throws although a missing entry does not. */
function orNull(look: () => BigIntStats | undefined): Stats | null {
  try {
    return look() ?? null;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOTDIR") return null;
    throw error;
  }
}

/**
 * What stands at a path, of a symbolic link the link itself; null when nothing
 * does. Throws the system's error when that cannot be told.
 */
export function lookAt(path: string): Stats | null {
  return quickStats(path) ?? orNull(() => lstatSync(path, LOOK));
}

/** Like {@linkcode lookAt}, but goes where a symbolic link points to. */
export function lookThrough(path: string): Stats | null {
  return orNull(() => statSync(path, LOOK));
}

/**
 * Tells a folder apart from any other, also from one that was deleted: systems
 * give its inode number to the next at once.
 */
export function identityOf({ dev, ino, birthtimeMs }: Stats): string {
  return `${dev}:${ino}:${birthtimeMs}`;
}

/**
 * What the disk says of a database and its WAL now; null when the database is
 * gone. Does not open them. Throws the system's error when it cannot be told.
 */
export function readFacts(path: string): FileFacts | null {
  const stats = lookAt(path);
  return stats === null ? null : factsOf(path, stats);
}

/**
 * Completes what is known of a database by what the disk says of its WAL.
 *
 * @param mayHaveWal whether its folder, when it was listed a moment ago, had one
 */
export function factsOf(
  path: string,
  stats: Stats,
  mayHaveWal?: boolean,
): FileFacts {
  const walPath = `${path}-wal`;
  // Mostly there is none, and asking so is 10 times cheaper than a failing stat.
  const wal = mayHaveWal ?? existsSync(walPath) ? lookAt(walPath) : null;
  return {
    inode: stats.ino,
    size: stats.size,
    modifiedNs: stats.mtimeNs,
    walSize: wal?.size ?? -1n,
    walModifiedNs: wal?.mtimeNs ?? -1n,
    createdAt: stats.birthtimeMs > 0n ? Number(stats.birthtimeMs) : null,
    changedAt: Number(stats.ctimeMs),
  };
}

/**
 * The path of a name in a folder, in one piece: V8 keeps a text that `+` or a
 * template made as the pieces it was made of, at four times the memory.
 */
export function pathIn(folder: string, name: string): string {
  return [folder === sep ? "" : folder, name].join(sep);
}

/** What node tells of a path, at a quarter of the cost; null where that cannot be had. */
function quickStats(path: string): Stats | null {
  try {
    const info = Deno.lstatSync(path);
    const { dev, ino, mtime, ctime, birthtime } = info;
    if (ino === null || birthtime === null) return null;
    if (mtime === null || ctime === null) return null;
    if (!Number.isSafeInteger(ino) || !Number.isSafeInteger(dev)) return null;
    return new QuickStats(info);
  } catch {
    return null;
  }
}

/** Reckons only what it is asked for: of most files that is little. */
class QuickStats implements Stats {
  constructor(private readonly info: Deno.FileInfo) {}

  get dev(): bigint {
    return BigInt(this.info.dev);
  }

  get ino(): bigint {
    return BigInt(this.info.ino!);
  }

  get size(): bigint {
    return BigInt(this.info.size);
  }

  get mtimeMs(): bigint {
    return BigInt(this.info.mtime!.getTime());
  }

  /** What Deno tells of times ends at the ms, also in node's numbers of ns. */
  get mtimeNs(): bigint {
    return this.mtimeMs * 1_000_000n;
  }

  get ctimeMs(): bigint {
    return BigInt(this.info.ctime!.getTime());
  }

  get birthtimeMs(): bigint {
    return BigInt(this.info.birthtime!.getTime());
  }

  isFile(): boolean {
    return this.info.isFile;
  }

  isDirectory(): boolean {
    return this.info.isDirectory;
  }

  isSymbolicLink(): boolean {
    return this.info.isSymlink;
  }
}

/**
 * A number that is another one when a database or its WAL was written or
 * replaced, at a quarter of the cost of `fingerprintOf`; NaN when it cannot be
 * had. Deno tells times to the ms only, so it is worth something only when time
 * has passed since it was the same before.
 */
export function quickStamp(path: string): number {
  try {
    const main = Deno.lstatSync(path);
    if (!main.isFile) return NaN;
    const walPath = `${path}-wal`;
    const wal = existsSync(walPath) ? Deno.lstatSync(walPath) : null;
    low = 0xdeadbeef, high = 0x41c6ce57;
    mixFile(main);
    if (wal !== null) mixFile(wal);
    return (high & 0x1f_ffff) * 2 ** 32 + (low >>> 0);
  } catch {
    return NaN;
  }
}

// Two halves of 53 bits; kept out here, as an object for each file costs more
// than all the rest.
let low = 0, high = 0;

function mixFile({ ino, size, mtime, ctime }: Deno.FileInfo): void {
  mix(ino ?? 0);
  mix(size);
  mix(mtime?.getTime() ?? 0);
  mix(ctime?.getTime() ?? 0);
}

function mix(value: number): void {
  const upper = Math.floor(value / 2 ** 32);
  low = Math.imul(low ^ value, 0x85ebca6b) ^ upper;
  high = Math.imul(high ^ value, 0xc2b2ae35) + upper | 0;
  low = Math.imul(low ^ low >>> 16, 0x9e3779b1) ^ high >>> 13;
  high = Math.imul(high ^ high >>> 15, 0x27d4eb2f) ^ low >>> 11;
}
