import type { ClientId } from "./client_id.ts";
import type { Drill } from "./drill.ts";
import type { Status } from "./status.ts";
import type { Txid } from "./txid.ts";

/**
 * Terminology
 *
 * - client: one database and its UUID; never an HTTP or S3 client
 * - instance: one running manager
 * - daemon: the Litestream child process
 * - awake, asleep: registered with the daemon, or not
 * - replica: the copy in S3 (or in a folder)
 * - restore point: a TXID and a time that exist in the replica
 * - unsynced: changed, and the change is not in the replica yet
 * - drill: a whole trial restore
 */
export interface Client {
  readonly id: ClientId;
  /** Absolute path of the database. */
  readonly path: string;
  readonly presence: "present" | "gone";
  /** Other files that claim the same id. */
  readonly duplicates: readonly string[];
  /** A person stopped its protection. */
  readonly paused: boolean;
  readonly activity: Activity;
  /** When the file was made, in ms since 1970; null where the disk does not say. */
  readonly createdAt: number | null;
  /** Size of the database file without its WAL. */
  readonly sizeBytes: number;
  /** The last change seen on disk, in ms since 1970. */
  readonly lastChangedAt: number | null;
  /** When the replica was last known to hold everything, in ms since 1970. */
  readonly lastSyncedAt: number | null;
  /** Since when changes wait, in ms since 1970; null when none are known. */
  readonly dirtySince: number | null;
  /** Goes up with every change seen, so that a look knows what it covers. */
  readonly changeSeq: number;
  /** The chain of LTX files is known to have missed nothing. */
  readonly proved: boolean;
  /** The last local LTX file. */
  readonly txid: Txid | null;
  /** The last TXID known to stand in the replica. */
  readonly replicatedTxid: Txid | null;
  /** The state of the files in which everything was proved; see {@linkcode fingerprintOf}. */
  readonly fingerprint: string | null;
  readonly error: ClientError | null;
  /** Why the guard waits, in words. */
  readonly blocked: string | null;
  /** Its last trial restore; null before the first. */
  readonly drill: Drill | null;
  /** Kept up to date by the registry; see `statusOf`. */
  readonly status: Status;
}

/**
 * Whether the daemon has the client: `waking` and `drowsing` are the ways
 * there and back.
 */
export type Activity = "asleep" | "waking" | "awake" | "drowsing";

export interface ClientError {
  /** What failed, in Litestream's or the system's own words. */
  readonly message: string;
  /** What a person can do about it, where we know. */
  readonly hint: string | null;
  readonly at: number;
}

/** What the disk says of a database and its WAL. Times in ns, sizes in bytes. */
export interface FileFacts {
  readonly inode: bigint;
  readonly size: bigint;
  readonly modifiedNs: bigint;
  /** -1 when there is no WAL. */
  readonly walSize: bigint;
  readonly walModifiedNs: bigint;
  /** In ms since 1970; null where the file system does not say. */
  readonly createdAt: number | null;
  /** When anything of the database file was last changed, its times included; in ms since 1970. */
  readonly changedAt?: number;
}

/** The text that is equal as long as the files were not touched. */
export function fingerprintOf(facts: FileFacts): string {
  const { inode, size, modifiedNs, walSize, walModifiedNs } = facts;
  // A template would keep its parts: five times the memory.
  return [inode, size, modifiedNs, walSize, walModifiedNs].join(":");
}

/** The text that tells a file from another one at the same path. */
export function identityOf({ inode, createdAt }: FileFacts): string {
  return [inode, createdAt].join("@");
}

/**
 * Whether the database file itself, without its WAL, is as it was when a
 * fingerprint was taken.
 */
export function isMainFileSame(fingerprint: string, facts: FileFacts): boolean {
  const main = [facts.inode, facts.size, facts.modifiedNs, ""].join(":");
  return fingerprint.startsWith(main);
}

/** When the database or its WAL was last written, in ms since 1970. */
export function modifiedAt({ modifiedNs, walModifiedNs }: FileFacts): number {
  const latest = modifiedNs > walModifiedNs ? modifiedNs : walModifiedNs;
  return Number(latest / 1_000_000n);
}
