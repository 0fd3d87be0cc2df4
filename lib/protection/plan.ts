import type { Client } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import { isProved } from "../domain/status.ts";

/**
 * Why a client was woken: `change` because its application wrote, `first` to
 * back it up as a whole, after which it need not stay awake.
 */
export type WakeReason = "first" | "change";

/** A client as plan() sees it: what is known, and what was done about it. */
export interface Candidate {
  readonly client: Client;
  /** Something is being done with it right now. */
  readonly busy: boolean;
  readonly reason: WakeReason;
  /** When it was last registered, in ms since 1970. */
  readonly wokenAt: number;
  /** When the guard last looked at it. */
  readonly lookedAt: number;
  /** It is not tried again before. */
  readonly notBefore: number;
  /** The path that the daemon has it under; null while it does not. */
  readonly registeredPath: string | null;
  /** Since when an error stands while it is awake; null when none does. */
  readonly errorSince: number | null;
}

export interface Limits {
  readonly maxAwake: number;
  readonly idleAfterMs: number;
  /** When the bucket last answered, in ms since 1970. */
  readonly storeAnsweredAt: number;
  /** When a stuck client was last sent to sleep to try the bucket. */
  readonly triedStoreAt: number;
}

/** What to do now. */
export interface Plan {
  /** To be looked at and, where something waits, registered. */
  readonly wake: ClientId[];
  /** To be unregistered. */
  readonly sleep: ClientId[];
  /** One of `sleep` is to find out whether the bucket answers again. */
  readonly triesStore: boolean;
  /** Awake and not proved for a while: look again. */
  readonly recheck: ClientId[];
  /** When the next thing falls due, in ms since 1970. */
  readonly nextAt: number;
}

/** A client's snapshot traffic after wake-ups stays bounded by this. */
const IDLE_BYTES_PER_SECOND = 256 << 10;
/** Under pressure, a client may be sent to sleep when quiet for so long. */
const PRESSURE_QUIET_MS = 2_000;
const RECHECK_MS = 1_000;
/** How long an error may stand before the daemon's own pause is cut short. */
const STUCK_MS = 10_000;
/** How often one of the stuck is used to try a bucket that does not answer. */
const TRY_STORE_MS = 15_000;

/** How long a client stays awake after its last change, in ms. */
export function idleMs(client: Client, idleAfterMs: number): number {
  return idleAfterMs + client.sizeBytes / IDLE_BYTES_PER_SECOND * 1_000;
}

/** Decides who wakes, who sleeps and who is looked at; pure. */
export function plan(
  now: number,
  candidates: Iterable<Candidate>,
  limits: Limits,
): Plan {
  let awake = 0;
  let nextAt = Infinity;
  const waiting: Candidate[] = [];
  const rested: Candidate[] = [];
  const sleep: ClientId[] = [];
  const recheck: ClientId[] = [];
  let triesStore = false;

  for (const candidate of candidates) {
    const { client, busy } = candidate;
    if (client.activity !== "asleep") awake++;
    if (busy) continue;
    const wanted = client.presence === "present" && !client.paused;

    if (client.activity === "asleep") {
      if (!wanted || isProved(client)) continue;
      if (candidate.notBefore <= now) waiting.push(candidate);
      else nextAt = Math.min(nextAt, candidate.notBefore);
      continue;
    }
    const moved = candidate.registeredPath !== null &&
      candidate.registeredPath !== client.path;
    // Awake without a proof: another file took the place of the one that the
    // daemon has open.
    if (!wanted || moved || !client.proved) {
      sleep.push(client.id);
    } else if (isProved(client)) {
      const quietAt = Math.max(client.lastChangedAt ?? 0, candidate.wokenAt);
      const sleepAt = candidate.reason === "first"
        ? now
        : quietAt + idleMs(client, limits.idleAfterMs);
      if (sleepAt <= now) sleep.push(client.id);
      else {
        nextAt = Math.min(nextAt, sleepAt);
        if (now - quietAt >= PRESSURE_QUIET_MS) rested.push(candidate);
      }
    } else if (isStuck(candidate, now, limits)) {
      // A last sync is the only way to have the daemon try at once; one whose
      // last sync fails is dropped, so only few try until the bucket answers.
      if (limits.storeAnsweredAt > candidate.errorSince!) sleep.push(client.id);
      else if (!triesStore && limits.triedStoreAt + TRY_STORE_MS <= now) {
        sleep.push(client.id);
        triesStore = true;
      }
    } else if (candidate.lookedAt + RECHECK_MS <= now) {
      recheck.push(client.id);
    } else {
      nextAt = Math.min(nextAt, candidate.lookedAt + RECHECK_MS);
    }
  }

  const places = limits.maxAwake - awake;
  if (waiting.length > places && rested.length > 0) {
    rested.sort((a, b) =>
      (a.client.lastChangedAt ?? 0) - (b.client.lastChangedAt ?? 0)
    );
    const wantedPlaces = waiting.length - Math.max(0, places);
    for (const { client } of rested.slice(0, wantedPlaces)) {
      sleep.push(client.id);
    }
  }
  const wake = places <= 0
    ? []
    : waiting.sort(byUrgency).slice(0, places).map(({ client }) => client.id);
  return { wake, sleep, triesStore, recheck, nextAt };
}

function isStuck(
  { errorSince }: Candidate,
  now: number,
  { storeAnsweredAt }: Limits,
): boolean {
  if (errorSince === null) return false;
  return now - errorSince >= STUCK_MS || storeAnsweredAt > errorSince;
}

/**
 * Changes of clients that have a backup come first, the longest unsynced ahead;
 * then first backups, the smallest ahead so that most are safe soon.
 */
function byUrgency({ client: a }: Candidate, { client: b }: Candidate): number {
  const first = Number(a.replicatedTxid === null) -
    Number(b.replicatedTxid === null);
  if (first !== 0) return first;
  if (a.replicatedTxid === null && a.sizeBytes !== b.sizeBytes) {
    return a.sizeBytes - b.sizeBytes;
  }
  return (a.dirtySince ?? Infinity) - (b.dirtySince ?? Infinity);
}
