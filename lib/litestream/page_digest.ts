import { createHash } from "node:crypto";
import { fill, fillNow } from "./fill.ts";
import { WalReader } from "./wal_reader.ts";

const CHUNK_BYTES = 1 << 20;
/** A file this small is read at once: to wait for it would cost more. */
const AT_ONCE_BYTES = 1 << 18;
/** What is read at once is read into this: thousands fall asleep in a row. */
const scratch = new Uint8Array(AT_ONCE_BYTES);

/**
 * A digest of a database's pages as a reader would see them: the file, overlaid
 * with the committed frames of its WAL. Moving frames from the WAL to the file
 * does not change it, a write does.
 *
 * Opens and closes the database file by hand, which drops every POSIX lock that
 * this process's own SQLite connections hold on it: this process has none. The
 * caller compares fingerprints before and after.
 *
 * An abort has it throw.
 *
 * @returns null when the file is no database, or shorter than its pages
 */
export async function pageDigest(
  databasePath: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<string | null> {
  using file = Deno.openSync(databasePath);
  const start = new Uint8Array(100);
  if (fillNow(file, start) < start.length) return null;
  const stored = new DataView(start.buffer).getUint16(16);
  const pageSize = stored === 1 ? 65536 : stored;
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0) return null;

  const { overlay, pageCount } = await committedPages(databasePath, pageSize);
  const inFile = Math.floor(file.statSync().size / pageSize);
  const count = pageCount ?? Math.min(inFile, pageCountOf(start) ?? inFile);
  const hash = createHash("sha256").update(`${pageSize}:${count}`);
  const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / pageSize));
  file.seekSync(0, Deno.SeekMode.Start);
  const isSmall = count * pageSize <= AT_ONCE_BYTES;
  for (let first = 1; first <= count; first += perChunk) {
    signal?.throwIfAborted();
    const pages = Math.min(perChunk, count - first + 1);
    const bytes = isSmall
      ? scratch.subarray(0, pages * pageSize)
      : new Uint8Array(pages * pageSize);
    const filled = isSmall ? fillNow(file, bytes) : await fill(file, bytes);
    for (let index = 0; index < pages; index++) {
      const page = overlay.get(first + index);
      if (page !== undefined) bytes.set(page, index * pageSize);
      else if (filled < (index + 1) * pageSize) return null;
    }
    hash.update(bytes);
  }
  return hash.digest("hex");
}

/**
 * The number of pages in a database's header, where it can be believed: a file may be
 * longer, as when it grows in chunks. https://sqlite.org/fileformat.html#in_header_database_size
 */
function pageCountOf(header: Uint8Array): number | null {
  const { buffer, byteOffset, byteLength } = header;
  const view = new DataView(buffer, byteOffset, byteLength);
  const isValid = view.getUint32(24) === view.getUint32(92);
  const count = view.getUint32(28);
  return isValid && count > 0 ? count : null;
}

/** The newest committed page of each number in the WAL, and the size they leave. */
async function committedPages(databasePath: string, pageSize: number) {
  const overlay = new Map<number, Uint8Array>();
  let pageCount: number | null = null;
  using wal = WalReader.open(databasePath);
  if (wal === null || wal.header.pageSize !== pageSize) {
    return { overlay, pageCount };
  }
  let uncommitted = new Map<number, Uint8Array>();
  for await (const { pageNumber, page, commit } of wal.frames()) {
    uncommitted.set(pageNumber, page);
    if (commit === 0) continue;
    for (const [number, page] of uncommitted) overlay.set(number, page);
    uncommitted = new Map();
    pageCount = commit;
  }
  return { overlay, pageCount };
}
