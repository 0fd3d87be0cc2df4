import { type Txid, txidOf } from "../domain/txid.ts";
import { basename, dirname, join } from "node:path";
import { fillNow } from "./fill.ts";
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
 * Throws when the file is broken. Blocks for some 30 µs: it is asked several
 * times for each backup, and promises would cost ten times as much.
 *
 * @param known a transaction whose file was there a while ago: from it on the
 * files are tried one by one, which spares listing hundreds of them
 */
export function lastLtx(
  databasePath: string,
  known: Txid | null = null,
): LtxHeader | null {
  const folder = join(metaFolder(databasePath), "ltx", "0");
  if (known !== null) {
    let last = headerOf(join(folder, fileName(known)));
    for (let txid = known; last !== null;) {
      txid = txidOf(BigInt(`0x${txid}`) + 1n);
      const next = headerOf(join(folder, fileName(txid)));
      if (next === null) return last;
      last = next;
    }
  }
  // Compaction may remove a file between the listing and the reading.
  for (let attempt = 1; attempt <= 3; attempt++) {
    const name = lastName(folder);
    if (name === null) return null;
    const header = headerOf(join(folder, name));
    if (header !== null) return header;
  }
  throw new Error(`Cannot read "${folder}": its files vanish as they are read`);
}

/** Level 0 has a file for each transaction. */
function fileName(txid: Txid): string {
  return `${txid}-${txid}.ltx`;
}

/** Null when there is no such file. */
function headerOf(path: string): LtxHeader | null {
  try {
    using file = Deno.openSync(path);
    const bytes = new Uint8Array(LTX_HEADER_SIZE);
    return parseLtxHeader(bytes.subarray(0, fillNow(file, bytes)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The last file's name: names begin with the TXID, so they sort by it. */
function lastName(folder: string): string | null {
  let last: string | null = null;
  try {
    for (const { name } of Deno.readDirSync(folder)) {
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
