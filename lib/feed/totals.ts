import type { Client } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import { priceOf, type RequestPrice } from "../domain/prices.ts";
import type { Status } from "../domain/status.ts";
import type { Counts } from "../registry/registry.ts";
import type { DaemonFacts, ManagerView, Trouble } from "../view.ts";
import { noteOf, shortened } from "./client_row.ts";
import type { FirstBackupProgress } from "./first_backups.ts";

/** What the head of the front page shows; under 2 KB as JSON. */
export interface Totals {
  /** When it was told, in ms since 1970, by the manager's clock. */
  readonly now: number;
  readonly ready: boolean;
  readonly clients: number;
  readonly counts: Counts;
  readonly awake: number;
  /** Since when the longest waiting change waits; null when none waits. */
  readonly oldestUnsyncedSince: number | null;
  /** The client that is worst off among those that are in trouble. */
  readonly worst: WorstClient | null;
  readonly daemon: DaemonFacts;
  /** Null when every client has a backup. */
  readonly firstBackups: FirstBackupProgress | null;
  /** The newest few. */
  readonly troubles: readonly Trouble[];
  /** S3 requests since the manager started. */
  readonly requests: number;
  readonly uploads: { readonly files: number; readonly bytes: number };
}

export interface WorstClient {
  readonly id: ClientId;
  readonly status: Status;
  readonly note: string | null;
}

const IN_TROUBLE: readonly Status[] = [
  "failing",
  "conflict",
  "blocked",
  "lagging",
];
const TROUBLES = 3;
const NOTE_LENGTH = 200;

/** Counts up what the head of the front page shows. */
export function totalsOf(manager: ManagerView, now: number): Totals {
  const { registry } = manager;
  const counts = registry.counts.peek();
  const worstStatus = IN_TROUBLE.find((status) => counts[status] > 0);
  let oldest: number | null = null;
  let worst: Client | null = null;
  for (const client of registry.attention()) {
    const { dirtySince, status } = client;
    if (status === worstStatus && before(client, worst)) worst = client;
    if (dirtySince === null || status === "paused" || status === "gone") {
      continue;
    }
    if (oldest === null || dirtySince < oldest) oldest = dirtySince;
  }
  if (worst === null && worstStatus !== undefined) {
    // Proved and asleep, and yet in trouble: a conflict, for example.
    for (const client of registry.clients()) {
      if (client.status === worstStatus && before(client, worst)) {
        worst = client;
      }
    }
  }
  return {
    now,
    ready: manager.ready.peek(),
    clients: registry.size,
    counts,
    awake: registry.awake,
    oldestUnsyncedSince: oldest,
    worst: worst && {
      id: worst.id,
      status: worst.status,
      note: shortened(noteOf(worst), NOTE_LENGTH),
    },
    daemon: manager.daemon.peek(),
    firstBackups: manager.firstBackups.peek(),
    troubles: manager.troubles.peek().slice(-TROUBLES).map((trouble) => ({
      ...trouble,
      message: trouble.message.slice(0, NOTE_LENGTH),
    })),
    requests: sum(manager.requests),
    uploads: { ...manager.uploads },
  };
}

/** All requests, or those of a price. */
export function sum(
  requests: Readonly<Record<string, number>>,
  price: RequestPrice | null = null,
): number {
  return Object.entries(requests).reduce(
    (total, [method, n]) =>
      price === null || priceOf(method) === price ? total + n : total,
    0,
  );
}

/** Whether a client waits longer than another. */
function before(a: Client, b: Client | null): boolean {
  return b === null ||
    (a.dirtySince ?? Infinity) < (b.dirtySince ?? Infinity);
}
