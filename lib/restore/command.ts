import type { ClientId } from "../domain/client_id.ts";
import { connectionUrl, type ReplicaTarget } from "../domain/replica_target.ts";
import type { Txid } from "../domain/txid.ts";

export interface RestoreCommandOptions {
  /** Path of the file to write; it must not exist. */
  readonly out: string;
  /** Exactly this state. Without it and `before`, the newest. */
  readonly txid?: Txid;
  /**
   * The last state that Litestream finds before this time, in ms since 1970. Only
   * for the 0.3 layout, which has no TXIDs: times may be as the store tells them.
   */
  readonly before?: number;
}

/**
 * The command that restores a client with Litestream alone, ready to paste into a
 * POSIX shell. Credentials come from the usual AWS variables and stand nowhere in it.
 */
export function restoreCommand(
  target: ReplicaTarget,
  id: ClientId,
  { out, txid, before }: RestoreCommandOptions,
): string {
  const words = ["litestream", "restore", "-o", out];
  if (txid !== undefined) words.push("-txid", txid);
  else if (before !== undefined) {
    words.push("-timestamp", new Date(before).toISOString());
  }
  words.push(connectionUrl(target, id));
  return words.map(shellQuote).join(" ");
}

/** A word as a POSIX shell reads it back unchanged; quoted only where needed. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word)
    ? word
    : `'${word.replaceAll("'", "'\\''")}'`;
}
