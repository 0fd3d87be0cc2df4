import type { LtxHeader } from "../domain/ltx_header.ts";
import type { Txid } from "../domain/txid.ts";
import { lastLtx } from "./local_ltx.ts";
import { WalReader } from "./wal_reader.ts";

/**
 * What two headers tell of a database: its last local LTX file and its WAL.
 *
 * - `new`: Litestream has no LTX file here, it will write a full snapshot
 * - `clean`: all of the WAL is in local LTX files
 * - `ahead`: the WAL holds committed changes after the last LTX file
 * - `broken`: it cannot be proved that nothing was missed
 */
export type Finding =
  | { readonly kind: "new" }
  | { readonly kind: "clean" | "ahead"; readonly tip: LtxHeader }
  | {
    readonly kind: "broken";
    readonly tip: LtxHeader | null;
    readonly why: string;
  };

/**
 * Looks whether anything can have been missed since the last local LTX file.
 * Reads the LTX header and the WAL, never the database file, so it drops no
 * lock of ours. While the daemon has the database, `broken` only says that its
 * next sync has not come yet.
 *
 * @param known see `lastLtx`
 */
export async function look(
  databasePath: string,
  known: Txid | null = null,
): Promise<Finding> {
  const tip = lastLtx(databasePath, known);
  if (tip === null) return { kind: "new" };
  using wal = WalReader.open(databasePath);
  const broken = (why: string) => ({ kind: "broken", tip, why }) as const;

  if (wal === null) return broken("the WAL is gone");
  const { header } = wal;
  if (header.salt1 !== tip.salt1 || header.salt2 !== tip.salt2) {
    return broken("the WAL was restarted");
  }
  const end = tip.walOffset + tip.walSize;
  if (wal.size < end || !wal.hasFrameBefore(end)) {
    return broken("the WAL is shorter than what was read from it");
  }
  return { kind: await wal.hasCommitAfter(end) ? "ahead" : "clean", tip };
}

/** The header of the last local LTX file. */
export function headerOf(finding: Finding): LtxHeader | null {
  return "tip" in finding ? finding.tip : null;
}

/** The transaction of the last local LTX file. */
export function tipOf(finding: Finding): Txid | null {
  return headerOf(finding)?.maxTxid ?? null;
}

/**
 * Whether the last LTX file after a last sync is of the same WAL as the one
 * before it. Litestream gives up its read lock first and syncs then: what an
 * application writes before it restarts the WAL in between is in no LTX file,
 * and after that all looks clean.
 */
export function isOneWal(
  before: LtxHeader | null,
  after: LtxHeader | null,
): boolean {
  return before !== null && after !== null &&
    before.salt1 === after.salt1 && before.salt2 === after.salt2;
}
