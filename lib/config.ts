import type { Prices } from "./domain/prices.ts";
import type { ReplicaTarget } from "./domain/replica_target.ts";

/** What the operator decided, checked and with defaults filled in. */
export interface Config {
  /** Absolute folders, at least one. */
  readonly watchDirs: readonly string[];
  readonly target: ReplicaTarget;
  /** The bucket as the operator wrote it, for messages and `/api/status`. */
  readonly bucket: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Absolute folder of the state database, the control socket and the lock. */
  readonly stateDir: string;
  /** How long changes may be unsynced before a client is `lagging`. */
  readonly rpoMs: number;
  /** How long a client stays awake after its last change. */
  readonly idleAfterMs: number;
  readonly maxAwake: number;
  /** How long snapshots, and so the restore points between them, are kept. */
  readonly retentionMs: number;
  /** How many clients are tried to be restored each day, unasked; 0 for none. */
  readonly drillsPerDay: number;
  /** What the bucket's owner charges for requests. */
  readonly prices: Prices;
  /** Path of the Litestream program; null lets `findLitestream` look for it. */
  readonly litestream: string | null;
  readonly logFormat: "text" | "json";
}
