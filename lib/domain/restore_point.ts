import type { Txid } from "./txid.ts";

/** A state that a client can be restored to: it exists in the replica. */
export interface RestorePoint {
  readonly txid: Txid;
  /**
   * When the transaction was written, in ms since 1970, as the LTX file says.
   * When only a snapshot ends here: when it was taken, so the state is at least
   * this old.
   */
  readonly at: number;
  /**
   * `at` was read from an LTX header. False when it is only known when the
   * store got the file, which is never earlier than the transaction.
   */
  readonly exactTime: boolean;
  /** Compaction level of the highest file that ends here; 9 is a snapshot. */
  readonly level: number;
  /** First transaction in that file. */
  readonly minTxid: Txid;
  readonly sizeBytes: number;
}
