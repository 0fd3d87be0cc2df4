import type { Client } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import { leastOf } from "../domain/least_of.ts";
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
  /** How many may be awake at once because they changed. */
  readonly maxAwake: number;
  /** How many may get their first backup at once, beside those. */
  readonly maxFirst: number;
  /** How many of those may begin now. */
  readonly newFirst: number;
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
  /** How many of those are first backups. */
  readonly first: number;
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
/** When whoever is only held back by the pace is planned for again, in ms. */
const BEGIN_MS = 50;
/** Who got its first backup is let go after this, in ms, if not before. */
const LINGER_MS = 12_000;
/**
 * So many take their leave at once when nobody needs their place: a thousand
 * together would keep everything else waiting for a second.
 */
const LEAVING_AT_ONCE = 200;
/**
 * The databases of first backups under way are no larger than this together, in
 * bytes, or it is one alone: each is written beside its database once more.
 */
const FIRST_BYTES = 1 << 30;
/** How long an error may stand before the daemon's own pause is cut short. */
const STUCK_MS = 10_000;
/** How often one of the stuck is used to try a bucket that does not answer. */
const TRY_STORE_MS = 15_000;

/** How long a client stays awake after its last change, in ms. */
export function idleMs(client: Client, idleAfterMs: number): number {
  return idleAfterMs + client.sizeBytes / IDLE_BYTES_PER_SECOND * 1_000;
}

/** Why a client would be woken now. */
export function wakeReason(
  { proved, replicatedTxid }: Pick<Client, "proved" | "replicatedTxid">,
): WakeReason {
  return proved && replicatedTxid !== null ? "change" : "first";
}

/**
 * Decides who wakes, who sleeps and who is looked at; pure. Keeps no candidate:
 * the next may be the same object with other contents.
 */
export function plan(
  now: number,
  candidates: Iterable<Candidate>,
  limits: Limits,
): Plan {
  let awake = 0;
  let first = 0;
  let firstBytes = 0;
  let leaving = 0;
  let nextAt = Infinity;
  const changed: Client[] = [];
  const fresh: Client[] = [];
  const rested: Client[] = [];
  /** Who was only backed up and need not stay, and since when. */
  const done: { client: Client; wokenAt: number }[] = [];
  const sleep: ClientId[] = [];
  const recheck: ClientId[] = [];
  let triesStore = false;

  for (const candidate of candidates) {
    const { client, busy } = candidate;
    if (client.activity !== "asleep") {
      if (candidate.reason === "first") {
        first++;
        firstBytes += client.sizeBytes;
        if (busy && isProved(client)) leaving++;
      } else awake++;
    }
    if (busy) continue;
    const wanted = client.presence === "present" && !client.paused;

    if (client.activity === "asleep") {
      if (!wanted || isProved(client)) continue;
      if (candidate.notBefore <= now) {
        (wakeReason(client) === "first" ? fresh : changed).push(client);
      } else nextAt = Math.min(nextAt, candidate.notBefore);
      continue;
    }
    const moved = candidate.registeredPath !== null &&
      candidate.registeredPath !== client.path;
    // Awake without a proof: another file took the place of the one that the
    // daemon has open.
    if (!wanted || moved || !client.proved) {
      sleep.push(client.id);
    } else if (isProved(client)) {
      if (candidate.reason === "first") {
        done.push({ client, wokenAt: candidate.wokenAt });
        continue;
      }
      const quietAt = Math.max(client.lastChangedAt ?? 0, candidate.wokenAt);
      const sleepAt = quietAt + idleMs(client, limits.idleAfterMs);
      if (sleepAt <= now) sleep.push(client.id);
      else {
        nextAt = Math.min(nextAt, sleepAt);
        if (now - quietAt >= PRESSURE_QUIET_MS) rested.push(client);
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
  if (changed.length > places && rested.length > 0) {
    rested.sort((a, b) => (a.lastChangedAt ?? 0) - (b.lastChangedAt ?? 0));
    const wantedPlaces = changed.length - Math.max(0, places);
    for (const { id } of rested.slice(0, wantedPlaces)) sleep.push(id);
  }
  const wake = leastOf(changed, places, byUnsynced).map(idOf);
  const changes = wake.length;
  const room = limits.maxFirst - first;
  // Taking leave costs as much as being backed up: it waits for the others, for
  // a moment, as long as nobody needs the place.
  const tooLarge = firstBytes > 0 &&
    fresh.some(({ sizeBytes }) => firstBytes + sizeBytes > FIRST_BYTES);
  const isCrowded = fresh.length > room || tooLarge ||
    first - leaving === done.length;
  for (const { client, wokenAt } of done) {
    const sleepAt = isCrowded ? now : wokenAt + LINGER_MS;
    if (sleepAt > now) nextAt = Math.min(nextAt, sleepAt);
    else if (fresh.length > 0 || leaving < LEAVING_AT_ONCE) {
      sleep.push(client.id);
      leaving++;
    } else nextAt = Math.min(nextAt, now + BEGIN_MS);
  }
  for (
    const { id, sizeBytes } of leastOf(
      fresh,
      Math.min(room, limits.newFirst),
      byOrder,
    )
  ) {
    if (firstBytes > 0 && firstBytes + sizeBytes > FIRST_BYTES) break;
    firstBytes += sizeBytes;
    wake.push(id);
  }
  // Whoever has room and is only held back by the pace begins soon.
  if (limits.newFirst < Math.min(room, fresh.length)) {
    nextAt = Math.min(nextAt, now + BEGIN_MS);
  }
  const begun = wake.length - changes;
  return { wake, first: begun, sleep, triesStore, recheck, nextAt };
}

function isStuck(
  { errorSince }: Candidate,
  now: number,
  { storeAnsweredAt }: Limits,
): boolean {
  if (errorSince === null) return false;
  return now - errorSince >= STUCK_MS || storeAnsweredAt > errorSince;
}

function idOf({ id }: Client): ClientId {
  return id;
}

/** The longest unsynced ahead. */
function byUnsynced(a: Client, b: Client): number {
  // Infinity less itself is no number, and no difference.
  return (a.dirtySince ?? Infinity) - (b.dirtySince ?? Infinity) ||
    byId(a, b);
}

/**
 * Whoever has a backup that cannot be trusted goes first, the longest unsynced
 * ahead. First backups go by size, the smallest ahead, so that most are safe
 * soon; of equals the one that was changed last, for it is the one in use.
 */
function byOrder(a: Client, b: Client): number {
  const first = Number(a.replicatedTxid === null) -
    Number(b.replicatedTxid === null);
  if (first !== 0) return first;
  if (a.replicatedTxid !== null) return byUnsynced(a, b);
  return a.sizeBytes - b.sizeBytes ||
    (b.lastChangedAt ?? 0) - (a.lastChangedAt ?? 0) || byId(a, b);
}

function byId({ id: a }: Client, { id: b }: Client): number {
  return a < b ? -1 : Number(a > b);
}
