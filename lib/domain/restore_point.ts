import type { Txid } from "./txid.ts";

/** A state that a client can be restored to: it exists in the replica. */
export interface RestorePoint {
  readonly txid: Txid;
  /** When the transaction was written, in ms since 1970, as the LTX file says. */
  readonly at: number;
  /** Compaction level of the file that ends here; 9 is a snapshot. */
  readonly level: number;
  /** First transaction in that file. */
  readonly minTxid: Txid;
  readonly sizeBytes: number;
}
