import { basename, dirname, join } from "node:path";
import {
  LTX_HEADER_SIZE,
  type LtxHeader,
  parseLtxHeader,
} from "../domain/ltx_header.ts";

/** The folder in which Litestream keeps what it knows of a database. */
export function metaFolder(databasePath: string): string {
  return join(dirname(databasePath), `.${basename(databasePath)}-litestream`);
}

/**
 * The header of a database's last local LTX file; null when there is none.
 * Throws when the file is broken.
 */
export async function lastLtx(
  databasePath: string,
): Promise<LtxHeader | null> {
  const folder = join(metaFolder(databasePath), "ltx", "0");
  // Compaction may remove a file between the listing and the reading.
  for (let attempt = 1;; attempt++) {
    const name = await lastName(folder);
    if (name === null) return null;
    try {
      using file = await Deno.open(join(folder, name));
      const bytes = new Uint8Array(LTX_HEADER_SIZE);
      let filled = 0;
      while (filled < bytes.length) {
        const count = await file.read(bytes.subarray(filled));
        if (count === null) break;
        filled += count;
      }
      return parseLtxHeader(bytes.subarray(0, filled));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) || attempt === 3) {
        throw error;
      }
    }
  }
}

/** The last file's name: names begin with the TXID, so they sort by it. */
async function lastName(folder: string): Promise<string | null> {
  let last: string | null = null;
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (name.endsWith(".ltx") && (last === null || name > last)) last = name;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return last;
}

/**
 * Removes what Litestream keeps beside a database, so that it begins anew with
 * a full snapshot. Neither the database nor its replica is touched. The
 * database must not be registered.
 */
export async function resetLocalLtx(databasePath: string): Promise<void> {
  try {
    await Deno.remove(metaFolder(databasePath), { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
