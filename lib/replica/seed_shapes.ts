import type { ClientId } from "../domain/client_id.ts";
import type { ReplicaTarget } from "../domain/replica_target.ts";
import type { RestorePoint } from "../domain/restore_point.ts";
import type { Txid } from "../domain/txid.ts";
import { restoreCommand } from "../restore/command.ts";
import type { LegacyGeneration, ReplicaContents } from "../view.ts";
import { FIRST_TXID } from "./chain.ts";
import { SNAPSHOT_LEVEL } from "./stored_object.ts";

/** The answer to `/api/client/ID/generations`. Times in RFC 3339, sizes in bytes. */
export interface GenerationsAnswer {
  readonly clientId: ClientId;
  readonly generations: readonly GenerationJson[];
}

export interface GenerationJson {
  readonly id: string;
  readonly created: string;
  readonly updated: string;
  readonly source: "s3" | "local";
  readonly snapshots: readonly {
    readonly id: string;
    readonly created: string;
    readonly size: number;
    readonly source: "s3" | "local";
  }[];
}

/** The answer to `/api/client/ID/restore-options`. */
export interface RestoreOptionsAnswer {
  readonly clientId: ClientId;
  /** Also those that are over the limit of the list. */
  readonly totalOptions: number;
  /** Time of the newest; null when there is none. */
  readonly latestBackup: string | null;
  /** Newest first. */
  readonly restoreOptions: readonly RestoreOptionJson[];
}

export interface RestoreOptionJson {
  /** The TXID, or the generation's id for the 0.3 layout. */
  readonly id: string;
  readonly type: "generation" | "snapshot" | "wal";
  readonly timestamp: string;
  readonly size: number;
  readonly description: string;
  readonly command: string;
}

/**
 * The contents of a replica as the program before us told them: one entry per
 * unbroken history, named by its first TXID, then generations of the 0.3 layout;
 * oldest last. A file that begins with the first transaction is a whole copy, so
 * it counts as a snapshot at whatever level.
 */
export function generationsJson(
  clientId: ClientId,
  { points, snapshots, histories, legacy }: ReplicaContents,
  target: ReplicaTarget,
): GenerationsAnswer {
  const source = target.kind === "s3" ? "s3" : "local";
  const copies = new Map(
    points.filter(({ minTxid }) => minTxid === FIRST_TXID)
      .concat(snapshots).map((point) => [point.txid, point]),
  );
  const snapshotJson = ({ txid, at, sizeBytes }: RestorePoint) => ({
    id: txid as string,
    created: rfc3339(at),
    size: sizeBytes,
    source,
  } as const);
  const current = histories.map(({ from, to }): GenerationJson => {
    const within = points.filter(({ txid }) => from <= txid && txid <= to);
    return {
      id: from,
      created: rfc3339(within[0]!.at),
      updated: rfc3339(within.at(-1)!.at),
      source,
      snapshots: within.flatMap(({ txid }) => {
        const copy = copies.get(txid);
        return copy === undefined ? [] : [snapshotJson(copy)];
      }),
    };
  });
  const old = legacy.map((generation): GenerationJson => ({
    id: generation.id,
    created: rfc3339(generation.createdAt),
    updated: rfc3339(generation.updatedAt),
    source,
    snapshots: generation.snapshots.map(({ id, createdAt, sizeBytes }) => ({
      id,
      created: rfc3339(createdAt),
      size: sizeBytes,
      source,
    })),
  }));
  return { clientId, generations: [...old, ...current].reverse() };
}

export interface RestoreOptionsLimit {
  /** Most options to list. @default {10_000} */
  readonly limit?: number;
}

/** What a client can be restored to, newest first, each with its command. */
export function restoreOptionsJson(
  clientId: ClientId,
  contents: ReplicaContents,
  target: ReplicaTarget,
  { limit = 10_000 }: RestoreOptionsLimit = {},
): RestoreOptionsAnswer {
  const command = (wish: RestoreWish) =>
    restoreCommand(target, clientId, { out: "restored.db", ...wish });
  const old = legacyOptions(contents, command).reverse();
  const newest = contents.points.slice(-limit).reverse()
    .map((point) => pointOption(point, command));
  const options = [...newest, ...old].slice(0, limit);
  return {
    clientId,
    totalOptions: contents.points.length + old.length,
    latestBackup: options[0]?.timestamp ?? null,
    restoreOptions: options,
  };
}

type RestoreWish = { readonly txid?: Txid; readonly before?: number };

function pointOption(
  { txid, at, exactTime, level, sizeBytes }: RestorePoint,
  command: (wish: RestoreWish) => string,
): RestoreOptionJson {
  const what = level === SNAPSHOT_LEVEL
    ? `Snapshot at transaction ${txid}`
    : `Transaction ${txid}, level ${level}`;
  return {
    id: txid,
    type: level === SNAPSHOT_LEVEL ? "snapshot" : "wal",
    timestamp: rfc3339(at),
    size: sizeBytes,
    description: exactTime ? what : `${what}, time as the store tells it`,
    command: command({ txid }),
  };
}

function legacyOptions(
  contents: ReplicaContents,
  command: (wish: RestoreWish) => string,
): RestoreOptionJson[] {
  return contents.legacy.flatMap((generation) => {
    const wish = legacyWish(generation, contents);
    if (wish === null) return [];
    const { before = Infinity } = wish;
    return [{
      id: generation.id,
      type: "generation" as const,
      timestamp: rfc3339(Math.min(generation.updatedAt, before)),
      size: generation.snapshots.at(-1)?.sizeBytes ?? 0,
      description: `Litestream 0.3 generation ${generation.id}`,
      command: command(wish),
    }];
  });
}

/**
 * How to say that this generation is wanted. Litestream takes the newest snapshot
 * up to a time, of any generation or of ours, so one that others overlap can be
 * restored only until they begin; null when not at all.
 */
function legacyWish(
  generation: LegacyGeneration,
  { legacy, points, snapshots }: ReplicaContents,
): { readonly before?: number } | null {
  const newest = Math.max(...generation.snapshots.map((one) => one.createdAt));
  const later = [
    ...legacy.filter(({ id }) => id !== generation.id)
      .flatMap((other) => other.snapshots.map(({ createdAt }) => createdAt)),
    ...snapshots.map(({ at }) => at),
  ].filter((at) => at >= newest);
  // A time after all that there is would be refused, and is not needed.
  if (later.length === 0 && points.length === 0) return {};
  const before = Math.min(
    generation.updatedAt,
    ...later.map((at) => at - 1),
  );
  return before >= newest ? { before } : null;
}

function rfc3339(at: number): string {
  return new Date(at).toISOString();
}
