/** Rest after a sweep in ms, on `Discovery`'s behalf; all of them. */
export interface SweepCost {
  /** Whether every folder is watched. */
  readonly complete: boolean;
  /** The rest that is asked for at least, when all is watched. */
  readonly leastMs: number;
  /** What the last sweep took of the processor. */
  readonly costMs: number;
  /** How long it took, whatever else the machine did. */
  readonly tookMs: number;
}

/** Sweeping takes a hundredth of a core at most, as long as all folders are watched. */
const SHARE = 100;
/** The longest rest: what no hint tells of is found so long after it, and a sweep, in ms. */
const MAX_REST_MS = 600_000;
/** The shortest rest without a watch on every folder, in ms. */
const POLL_MIN_MS = 1_000;
/**
 * Without a watch on every folder, a sweep begins so long after the end of the
 * one before, less what that took, in ms: every change is found within 30 s,
 * also when a sweep takes a little longer than the one before.
 */
const POLL_MS = 25_000;

/** How long to rest after a sweep when nobody asks for the next one. */
export function restMs(
  { complete, leastMs, costMs, tookMs }: SweepCost,
): number {
  const stretched = costMs * SHARE;
  if (complete) return Math.max(leastMs, Math.min(stretched, MAX_REST_MS));
  // From one look at a file to the next are the rest and a sweep.
  const most = Math.max(0, POLL_MS - tookMs);
  return Math.min(most, Math.max(Math.min(leastMs, POLL_MIN_MS), stretched));
}

/** How long to rest at least: however often hints get lost, others get most of the time. */
export function pauseMs(cost: SweepCost): number {
  return Math.min(restMs(cost), cost.costMs * 3);
}
