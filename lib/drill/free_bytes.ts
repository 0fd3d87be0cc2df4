import { statfsSync } from "node:fs";

/** How much this user may still write in a folder, in bytes; Infinity when nobody knows. */
export function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    // A permission is missing: --allow-sys.
    return Infinity;
  }
}
