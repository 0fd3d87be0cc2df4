import { LTX_HEADER_SIZE } from "../domain/ltx_header.ts";
import { parseTxid, type Txid } from "../domain/txid.ts";

/** An object or file below a client's folder, as the store lists it. */
export interface StoredObject {
  /** Below the client's folder: `0000/….ltx`, `generations/…`. */
  readonly key: string;
  readonly sizeBytes: number;
  /** When the store got it, in ms since 1970. */
  readonly storedAt: number;
  /** Changes when the content does. */
  readonly tag: string;
}

/** What stands below a client's folder. */
export interface Listing {
  readonly objects: readonly StoredObject[];
  /** There is more than was listed. */
  readonly truncated: boolean;
}

/** An LTX file in a replica. */
export interface LtxFile {
  /** Compaction level, 0 to 9; 9 is a snapshot. */
  readonly level: number;
  readonly minTxid: Txid;
  readonly maxTxid: Txid;
  readonly object: StoredObject;
}

export { SNAPSHOT_LEVEL } from "../domain/holding.ts";

const LTX_KEY = {
  s3: /^000([0-9])\/([0-9a-f]{16})-([0-9a-f]{16})\.ltx$/,
  file: /^ltx\/([0-9])\/([0-9a-f]{16})-([0-9a-f]{16})\.ltx$/,
};

/** How levels are named: `0000/` in a bucket, `ltx/0/` in a folder. */
export type Layout = keyof typeof LTX_KEY;

/**
 * Reads an object's key as an LTX file's; null when it is something else, or too
 * short to be one, which Litestream refuses to restore from.
 */
export function ltxFileOf(
  object: StoredObject,
  layout: Layout,
): LtxFile | null {
  const match = LTX_KEY[layout].exec(object.key);
  if (match === null || object.sizeBytes < LTX_HEADER_SIZE) return null;
  const [, level = "", min = "", max = ""] = match;
  const minTxid = parseTxid(min);
  const maxTxid = parseTxid(max);
  if (minTxid === null || maxTxid === null || maxTxid < minTxid) return null;
  return { level: Number(level), minTxid, maxTxid, object };
}
