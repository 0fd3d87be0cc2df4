import type { Activity, Client } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
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
    note: shortened(noteOf(client)),
    ticks,
  };
}

/** Why a client is not protected, in words; null when there is nothing to say. */
export function noteOf(
  { status, error, blocked, duplicates }: Client,
): string | null {
  switch (status) {
    case "conflict":
      return `${duplicates.length + 1} files claim this id`;
    case "blocked":
      return blocked;
    default:
      return error?.message ?? null;
  }
}

function shortened(text: string | null): string | null {
  return text !== null && text.length > NOTE_LENGTH
    ? `${text.slice(0, NOTE_LENGTH - 1)}…`
    : text;
}
