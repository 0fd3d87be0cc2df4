import { type Txid, TXID_ZERO, txidOf } from "./txid.ts";

/** Files of one compaction level that follow each other, told by the TXIDs they end at. */
export interface Stretch {
  /** Of its first file, and of its last. */
  readonly from: Txid;
  readonly to: Txid;
  /** Of the files whose size is known. */
  readonly bytes: number;
  /** How many files are of unknown size. */
  readonly unsized: number;
  /** Some of its files were deleted: its bytes are those of all. */
  readonly begun: boolean;
}

/** One level: what of it was deleted, and what stands, oldest first. */
export interface HeldLevel {
  readonly gone: Txid;
  readonly stretches: readonly Stretch[];
}

/**
 * What stands in the bucket for one client, as far as it is known: counted since
 * its first backup or since the bucket was listed. Litestream's log tells sizes
 * when it uploads and none when it deletes, so uploads are kept until then.
 */
export interface Holding {
  /** Bytes of what stands in no level below; null when that is not known. */
  readonly base: number | null;
  /** When the bucket told, in ms since 1970; null: counted since its first backup, or in part. */
  readonly listedAt: number | null;
  /** When something was last uploaded, deleted or listed, in ms since 1970. */
  readonly changedAt: number;
  /** Deleted files of unknown size, which still count in `base`. */
  readonly lost: number;
  readonly levels: Readonly<Record<number, HeldLevel>>;
}

/** A file as the bucket lists it. */
export interface HeldFile {
  readonly level: number;
  readonly maxTxid: Txid;
  readonly sizeBytes: number;
}

/** How a figure stands to the truth. */
export type Sureness = "exact" | "at least" | "at most" | "about";

/** The compaction level of snapshots. */
export const SNAPSHOT_LEVEL = 9;

/** Nothing is known of what stands there. */
export const UNKNOWN_HOLDING: Holding = {
  base: null,
  listedAt: null,
  changedAt: 0,
  lost: 0,
  levels: {},
};

/** Stretches of a level that are kept apart; more are joined, the smallest first. */
const MAX_STRETCHES = 8;
const FIRST = txidOf(1);
const NO_LEVEL: HeldLevel = { gone: TXID_ZERO, stretches: [] };

/**
 * A file that ends at `txid` was uploaded; null for a size that is not told.
 * Transaction 1 at level 0 begins a replica where none was.
 */
export function withUpload(
  before: Holding,
  { level, txid, bytes, at }: {
    level: number;
    txid: Txid;
    bytes: number | null;
    at: number;
  },
): Holding {
  const begins = level === 0 && txid === FIRST;
  const known = begins ? { ...UNKNOWN_HOLDING, base: 0 } : before;
  const holding = { ...known, changedAt: at };
  const { gone, stretches } = holding.levels[level] ?? NO_LEVEL;
  const last = stretches.at(-1)?.to ?? gone;
  // The same file once more takes the place of the first.
  if (txid <= last) return holding;
  const added: Stretch = {
    from: txid,
    to: txid,
    bytes: bytes ?? 0,
    unsized: bytes === null ? 1 : 0,
    begun: false,
  };
  return withLevel(holding, level, {
    gone,
    stretches: joined([...stretches, added]),
  });
}

/** The file that ends at `txid` is deleted, and with it all before it on its level. */
export function withDeletion(
  before: Holding,
  { level, txid, at }: { level: number; txid: Txid; at: number },
): Holding {
  const holding = { ...before, changedAt: at };
  const { gone, stretches } = holding.levels[level] ?? NO_LEVEL;
  // A deletion that failed is told again.
  if (txid <= gone) return holding;
  const first = stretches[0];
  const wasBase = first === undefined || txid < first.from;
  const left = stretches.filter(({ to }) => to > txid);
  const [oldest, ...others] = left;
  const after = withLevel(holding, level, {
    gone: txid,
    stretches: oldest !== undefined && oldest.from <= txid
      ? [{ ...oldest, begun: true }, ...others]
      : left,
  });
  return wasBase && (holding.base ?? 0) > 0
    ? { ...after, lost: holding.lost + 1 }
    : after;
}

/**
 * The bucket was listed, which tells the truth; but when something changed since
 * the listing began, it may be in it or not, and what was known stays.
 *
 * @param listing.at when the listing began, in ms since 1970
 * @param listing.sizeBytes of all, also of what are no LTX files
 * @param listing.truncated there is more than was listed
 */
export function withListing(
  before: Holding,
  { at, sizeBytes, files, truncated }: {
    at: number;
    sizeBytes: number;
    files: readonly HeldFile[];
    truncated: boolean;
  },
): Holding {
  if (before.changedAt >= at) return before;
  const levels: Record<number, HeldLevel> = {};
  let inLevels = 0;
  for (const [level, listed] of Map.groupBy(files, ({ level }) => level)) {
    const stretches = listed
      .toSorted((a, b) => a.maxTxid < b.maxTxid ? -1 : 1)
      .map(({ maxTxid, sizeBytes }) => ({
        from: maxTxid,
        to: maxTxid,
        bytes: sizeBytes,
        unsized: 0,
        begun: false,
      }));
    for (const { bytes } of stretches) inLevels += bytes;
    levels[level] = { gone: TXID_ZERO, stretches: joined(stretches) };
  }
  return {
    base: truncated ? null : sizeBytes - inLevels,
    listedAt: at,
    changedAt: at,
    lost: 0,
    levels,
  };
}

/** Whether anything is known of what stands there. */
export function isHeld({ base, levels }: Holding): boolean {
  return base !== null ||
    Object.values(levels).some(({ stretches }) => stretches.length > 0);
}

/** Bytes that stand there as far as known; `surenessOf` tells how that is meant. */
export function heldBytes({ base, levels }: Holding): number {
  let sum = base ?? 0;
  for (const { stretches } of Object.values(levels)) {
    for (const { bytes } of stretches) sum += bytes;
  }
  return sum;
}

/** How `heldBytes` stands to the truth. */
export function surenessOf({ base, lost, levels }: Holding): Sureness {
  let more = base === null;
  let less = lost > 0;
  for (const { stretches } of Object.values(levels)) {
    for (const { unsized, begun } of stretches) {
      more ||= unsized > 0;
      less ||= begun;
    }
  }
  return joinedSureness(more, less);
}

/** @param more there may be more than the figure says; @param less there may be less */
export function joinedSureness(more: boolean, less: boolean): Sureness {
  if (more) return less ? "about" : "at least";
  return less ? "at most" : "exact";
}

function withLevel(
  holding: Holding,
  level: number,
  held: HeldLevel,
): Holding {
  return { ...holding, levels: { ...holding.levels, [level]: held } };
}

/** Joins neighbours until few enough are left: each time the two that are smallest together. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  let left = [...stretches];
  // Of very many, halves are joined at once, for the search below is quadratic.
  while (left.length > 16 * MAX_STRETCHES) {
    left = left.flatMap((one, at) => {
      if (at % 2 === 1) return [];
      const next = left[at + 1];
      return next === undefined ? one : pair(one, next);
    });
  }
  while (left.length > MAX_STRETCHES) {
    let best = 0;
    let least = Infinity;
    for (let at = 0; at + 1 < left.length; at++) {
      const sum = left[at]!.bytes + left[at + 1]!.bytes;
      if (sum < least) [best, least] = [at, sum];
    }
    left.splice(best, 2, pair(left[best]!, left[best + 1]!));
  }
  return left;
}

function pair(a: Stretch, b: Stretch): Stretch {
  return {
    from: a.from,
    to: b.to,
    bytes: a.bytes + b.bytes,
    unsized: a.unsized + b.unsized,
    begun: a.begun || b.begun,
  };
}
