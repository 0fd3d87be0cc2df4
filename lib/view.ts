import type { ReadonlySignal } from "@preact/signals-core";
import type { Config } from "./config.ts";
import type { Meter } from "./costs/meter.ts";
import type { ClientId } from "./domain/client_id.ts";
import type { IgnoredFile } from "./domain/discovery_event.ts";
import type { HeldFile } from "./domain/holding.ts";
import type { RestorePoint } from "./domain/restore_point.ts";
import type { Txid } from "./domain/txid.ts";
import type { AuditLog } from "./feed/audit_log.ts";
import type { FirstBackupProgress } from "./feed/first_backups.ts";
import type { Registry } from "./registry/registry.ts";

/** What the manager shows of itself to routes, as `ctx.state.manager`. */
export interface ManagerView {
  readonly config: Config;
  readonly registry: Registry;
  /** In ms since 1970. */
  readonly startedAt: number;
  /** False until the first scan is done and the daemon answers. */
  readonly ready: ReadonlySignal<boolean>;
  readonly daemon: ReadonlySignal<DaemonFacts>;
  /** Trouble that is not one client's, newest last: bucket unreachable, folder gone. */
  readonly troubles: ReadonlySignal<readonly Trouble[]>;
  /** S3 requests of the daemon and of our own since this manager started, by method. */
  readonly requests: Readonly<Record<string, number>>;
  /** Bytes and number of LTX files uploaded since this manager started. */
  readonly uploads: { readonly files: number; readonly bytes: number };
  /** How far the first backups are; null when every client has one. */
  readonly firstBackups: ReadonlySignal<FirstBackupProgress | null>;
  /** What was asked of the bucket, sent to it and stored in it, per client and in all. */
  readonly costs: Meter;
  /** Who did what through the page and the API. */
  readonly audit: AuditLog;
  /** Files in watched folders that are no clients. */
  ignored(): readonly IgnoredFile[];
  /** What happened to a client lately, oldest first, at most 200. */
  history(id: ClientId): readonly HistoryEntry[];
  /** What the replica holds of a client; asks the bucket. */
  restorePoints(
    id: ClientId,
    options: { signal: AbortSignal },
  ): Promise<ReplicaContents>;
  /** Clients that the bucket has and no watched folder; asks the bucket. */
  bucketOnly(
    options: { signal: AbortSignal },
  ): Promise<
    { readonly ids: readonly ClientId[]; readonly truncated: boolean }
  >;
  /** Takes a snapshot of a client soon. */
  snapshot(id: ClientId): void;
  /** Tries a whole restore of a client as soon as it sleeps and is proved. */
  drill(id: ClientId): void;
  /** Stops protecting a client until `resume`. */
  pause(id: ClientId): void;
  resume(id: ClientId): void;
}

export interface DaemonFacts {
  readonly state: "starting" | "running" | "restarting" | "stopped";
  readonly version: string | null;
  readonly pid: number | null;
  readonly rssBytes: number | null;
  readonly restarts: number;
  /** How many processes share the clients; the figures are those of all. */
  readonly daemons: number;
  /** Why it is not running, and what to do. */
  readonly error: string | null;
}

export interface Trouble {
  readonly subject: string;
  readonly message: string;
  readonly hint: string | null;
  readonly at: number;
}

export interface HistoryEntry {
  readonly at: number;
  readonly kind:
    | "changed"
    | "woken"
    | "uploaded"
    | "snapshot"
    | "drilled"
    | "asleep"
    | "error"
    | "found"
    | "lost";
  readonly text: string;
  /** What was uploaded. */
  readonly bytes?: number;
  /** The size of the database then. */
  readonly databaseBytes?: number;
}

/** What stands in the bucket for one client. */
export interface ReplicaContents {
  /** Oldest first. */
  readonly points: readonly RestorePoint[];
  /** Files of level 9, oldest first; `at` is when each was taken. */
  readonly snapshots: readonly RestorePoint[];
  /** Stretches of points between which no transaction is missing, oldest first. */
  readonly histories: readonly { readonly from: Txid; readonly to: Txid }[];
  /** Everything the client has in the replica, in bytes. */
  readonly sizeBytes: number;
  /** All LTX files, in the order of the listing. */
  readonly files: readonly HeldFile[];
  /** More stands in the replica than was listed. */
  readonly truncated: boolean;
  /** Generations in the 0.3 layout, which a program before us left. */
  readonly legacy: readonly LegacyGeneration[];
}

export interface LegacyGeneration {
  readonly id: string;
  /** In ms since 1970, as the store tells of its objects. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly snapshots: readonly {
    readonly id: string;
    readonly createdAt: number;
    readonly sizeBytes: number;
  }[];
}
