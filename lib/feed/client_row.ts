import type { Activity, Client } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import { DRILL_HINTS, hasFailed } from "../domain/drill.ts";
import type { Status } from "../domain/status.ts";

/** A client as the table shows it; under 1 KB as JSON. Times in ms since 1970. */
export interface ClientRow {
  readonly id: ClientId;
  /** Path of the database; only its end when it is very long. */
  readonly path: string;
  readonly status: Status;
  readonly activity: Activity;
  /** Since when changes wait; null when none are known. */
  readonly unsyncedSince: number | null;
  readonly sizeBytes: number;
  readonly lastChangedAt: number | null;
  readonly lastSyncedAt: number | null;
  /** What is wrong, in words. */
  readonly note: string | null;
  /** The last 60 minutes, see `TickBars`; empty when nothing happened. */
  readonly ticks: string;
}

const PATH_LENGTH = 240;
const NOTE_LENGTH = 240;

/** A client as a row of the table. */
export function rowOf(client: Client, ticks: string): ClientRow {
  return {
    id: client.id,
    path: client.path.length > PATH_LENGTH
      ? `…${client.path.slice(1 - PATH_LENGTH)}`
      : client.path,
    status: client.status,
    activity: client.activity,
    unsyncedSince: client.dirtySince,
    sizeBytes: client.sizeBytes,
    lastChangedAt: client.lastChangedAt,
    lastSyncedAt: client.lastSyncedAt,
    note: shortened(noteOf(client), NOTE_LENGTH),
    ticks,
  };
}

/**
 * Why a client is not protected: what to do about it where we know, else in
 * Litestream's words; null when there is nothing to say.
 */
export function noteOf(
  { status, error, blocked, duplicates, drill }: Client,
): string | null {
  if (status === "failing" && error === null && hasFailed(drill)) {
    return DRILL_HINTS[drill.result];
  }
  switch (status) {
    case "conflict":
      return `${duplicates.length + 1} files claim this id`;
    case "blocked":
      return blocked;
    default:
      return error?.hint ?? error?.message ?? null;
  }
}

/** A text of at most `length` characters; a cut is shown. */
export function shortened(text: string | null, length: number): string | null {
  return text !== null && text.length > length
    ? `${text.slice(0, length - 1)}…`
    : text;
}
