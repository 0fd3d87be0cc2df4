import type { Client } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import {
  type Drill,
  DRILL_HINTS,
  type DrillResult,
  hasFailed,
} from "../domain/drill.ts";
import { replicaKey, type ReplicaTarget } from "../domain/replica_target.ts";
import type { Status } from "../domain/status.ts";
import type { ManagerView } from "../view.ts";
import { type DrillTotals, drillTotals } from "./drill_totals.ts";

/** A client as the API tells of it. Times are RFC 3339, or null when unknown. */
export interface ClientJson {
  readonly clientId: ClientId;
  readonly databasePath: string;
  readonly s3Path: string;
  readonly status: Status;
  readonly createdAt: string | null;
  readonly awake: boolean;
  /** How long the oldest change that is not in the replica waits. */
  readonly unsyncedForMs: number;
  readonly txid: string | null;
  readonly replicatedTxid: string | null;
  readonly sizeBytes: number;
  readonly lastChangedAt: string | null;
  readonly lastSyncedAt: string | null;
  /** What failed, in Litestream's or the system's own words. */
  readonly error: string | null;
  /** What a person can do about it, where we know. */
  readonly hint: string | null;
  readonly errorAt: string | null;
  /** Why the guard waits, in words. */
  readonly blocked: string | null;
  /** Other files that claim the id. */
  readonly duplicates: readonly string[];
  /** Its last whole trial restore; null before the first. */
  readonly drill: DrillJson | null;
}

export interface DrillJson {
  readonly at: string | null;
  readonly result: DrillResult;
  /** Up to where the replica was restored. */
  readonly txid: string;
  /** What was wrong; null when it passed. */
  readonly problem: string | null;
  /** What a person can do about it. */
  readonly hint: string | null;
}

/** A client as the API tells of it; `now` in ms since 1970. */
export function clientJson(
  client: Client,
  target: ReplicaTarget,
  now: number,
): ClientJson {
  const { dirtySince, error } = client;
  return {
    clientId: client.id,
    databasePath: client.path,
    s3Path: replicaKey(target, client.id),
    status: client.status,
    createdAt: rfc3339(client.createdAt),
    awake: client.activity !== "asleep",
    unsyncedForMs: dirtySince === null ? 0 : Math.max(0, now - dirtySince),
    txid: client.txid,
    replicatedTxid: client.replicatedTxid,
    sizeBytes: client.sizeBytes,
    lastChangedAt: rfc3339(client.lastChangedAt),
    lastSyncedAt: rfc3339(client.lastSyncedAt),
    error: error?.message ?? null,
    hint: error?.hint ?? null,
    errorAt: rfc3339(error?.at ?? null),
    blocked: client.blocked,
    duplicates: client.duplicates,
    drill: client.drill === null ? null : drillJson(client.drill),
  };
}

function drillJson(drill: Drill): DrillJson {
  const hint = hasFailed(drill) ? DRILL_HINTS[drill.result] : null;
  return { ...drill, at: rfc3339(drill.at), hint };
}

const CLIENTS_IN_A_SLICE = 500;

/**
 * `GET /api/status`, piece by piece: each client is read when its slice is
 * sent, so that 100,000 of them never stop the manager for long.
 */
export function* statusJson(
  manager: ManagerView,
  now: () => number,
): Generator<string> {
  const { config, registry } = manager;
  const counts = registry.counts.peek();
  const head = JSON.stringify({
    bucket: config.bucket,
    watchDirs: config.watchDirs,
    totalClients: registry.size,
    activeClients: counts.protected,
    uptime: uptime(now() - manager.startedAt),
    ready: manager.ready.peek(),
    counts,
    awake: registry.awake,
    asleep: registry.size - registry.awake,
    daemon: manager.daemon.peek(),
    requests: manager.requests,
    uploads: manager.uploads,
    drills: totalsJson(drillTotals(registry.clients())),
    troubles: manager.troubles.peek(),
  });
  yield `${head.slice(0, -1)},"clients":[`;
  const ids = Array.from(registry.clients(), ({ id }) => id).sort();
  let separator = "";
  for (let at = 0; at < ids.length; at += CLIENTS_IN_A_SLICE) {
    let slice = "";
    for (const id of ids.slice(at, at + CLIENTS_IN_A_SLICE)) {
      const client = registry.get(id);
      if (client === undefined) continue;
      const json = clientJson(client, config.target, now());
      slice += separator + JSON.stringify(json);
      separator = ",\n";
    }
    yield slice;
  }
  yield "]}\n";
}

function totalsJson({ lastAt, ...counts }: DrillTotals) {
  return { ...counts, lastAt: rfc3339(lastAt) };
}

/** `2d 3h`, `2h 3m`, `4m 10s` or `7s`. */
export function uptime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([n]) => n > 0);
  return parts.slice(first === -1 ? 3 : first).slice(0, 2)
    .map(([n, unit]) => `${n}${unit}`).join(" ");
}

/** A time as the API writes it. */
export function rfc3339(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
