import { closeSync, constants, openSync, readSync } from "node:fs";

/** Size of a SQLite database's header, in bytes. */
export const HEADER_SIZE = 100;

const MAGIC = new TextEncoder().encode("SQLite format 3\0");
const buffer = new Uint8Array(HEADER_SIZE);

/**
 * Why the first bytes of a file are not those of a SQLite database; null when
 * they are.
 *
 * @see https://www.sqlite.org/fileformat2.html#the_database_header
 */
export function headerProblem(start: Uint8Array): string | null {
  if (start.length === 0) return "empty: waiting for its first write";
  const known = Math.min(start.length, MAGIC.length);
  for (let i = 0; i < known; i++) {
    if (start[i] !== MAGIC[i]) {
      // A hole is what a copy that is under way leaves at the front.
      return start.every((byte) => byte === 0)
        ? "no header yet: waiting for its first write"
        : "not a SQLite database";
    }
  }
  if (start.length < HEADER_SIZE) return "half a header: waiting for the rest";
  const stored = start[16]! << 8 | start[17]!;
  const pageSize = stored === 1 ? 65_536 : stored;
  const sane = pageSize >= 512 && (pageSize & (pageSize - 1)) === 0;
  return sane ? null : "not a SQLite database";
}

/**
 * Reads a regular file's header by opening it; says why it is not a
 * database's, or null. Throws what the system throws.
 *
 * Never for a file on which a SQLite connection of this process is open: the
 * closing would drop that connection's locks.
 */
export function readHeaderProblem(path: string): string | null {
  // Without blocking, should a pipe have taken the file's place.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const size = readSync(file, buffer, 0, HEADER_SIZE, 0);
    return headerProblem(buffer.subarray(0, size));
  } finally {
    closeSync(file);
  }
}
