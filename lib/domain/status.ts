import type { Client } from "./client.ts";
import { hasFailed } from "./drill.ts";

/**
 * What a client is told to be. Only `protected` is good news, and it is never
 * the default: whatever is not proved is `syncing` or worse.
 *
 * - `discovered`: queued for its first backup
 * - `syncing`: changes are not yet in the replica, within the RPO target
 * - `protected`: the WAL is clean against the last LTX file, and the replica has it
 * - `lagging`: unsynced for longer than the RPO target
 * - `failing`: Litestream reported an error that still stands, or its last
 *   trial restore did not bring back what the database is
 * - `blocked`: the guard waits for the database (locked, unreadable)
 * - `conflict`: more than one file claims the id
 * - `paused`: a person stopped its protection
 * - `gone`: the file was deleted; its backup is kept
 */
export const STATUSES = [
  "failing",
  "conflict",
  "blocked",
  "lagging",
  "discovered",
  "syncing",
  "paused",
  "gone",
  "protected",
] as const;

export type Status = typeof STATUSES[number];

/** The longest a status of a client may take, in milliseconds: RPO target. */
export interface StatusRules {
  /** How long changes may be unsynced before the client is `lagging`. */
  readonly rpoMs: number;
}

/** The status of a client at a time; pure, so it can be told again any time. */
export function statusOf(
  client: Omit<Client, "status">,
  now: number,
  { rpoMs }: StatusRules,
): Status {
  if (client.presence === "gone") return "gone";
  if (client.duplicates.length > 0) return "conflict";
  if (client.paused) return "paused";
  if (client.error !== null || hasFailed(client.drill)) return "failing";
  if (client.blocked !== null) return "blocked";
  if (isProved(client)) return "protected";
  if (client.dirtySince !== null && now - client.dirtySince > rpoMs) {
    return "lagging";
  }
  return client.replicatedTxid === null && client.activity === "asleep"
    ? "discovered"
    : "syncing";
}

/** Whether everything known of a client's database stands in its replica. */
export function isProved(
  { proved, dirtySince, txid, replicatedTxid }: Pick<
    Client,
    "proved" | "dirtySince" | "txid" | "replicatedTxid"
  >,
): boolean {
  return proved && dirtySince === null && txid !== null &&
    replicatedTxid !== null && replicatedTxid >= txid;
}
