import type { Txid } from "./txid.ts";

/**
 * What a trial restore came to.
 *
 * - `passed`: what was restored is page by page what the database is
 * - `refuted`: the replica does not restore to what the database is
 * - `damaged`: it does, and SQLite finds the database itself broken
 */
export const DRILL_RESULTS = ["passed", "refuted", "damaged"] as const;

export type DrillResult = typeof DRILL_RESULTS[number];

/** The last whole trial restore of a client. */
export interface Drill {
  /** In ms since 1970. */
  readonly at: number;
  readonly result: DrillResult;
  /** The transaction up to which the replica was to bring the database. */
  readonly txid: Txid;
  /** What was wrong, in Litestream's words or ours; null when it passed. */
  readonly problem: string | null;
}

/** One that did not pass. */
export type FailedDrill = Drill & {
  readonly result: Exclude<DrillResult, "passed">;
};

/** What a person can do about a drill that did not pass. */
export const DRILL_HINTS: Readonly<
  Record<FailedDrill["result"], string>
> = {
  refuted:
    "The backup in the bucket cannot be trusted. It is uploaded anew and tried again; find out who changes the bucket",
  damaged:
    "The database itself is damaged, and so is its backup: look at it with PRAGMA integrity_check, and restore it from an older restore point",
};

/** Whether a drill says that the replica is not to be relied on. */
export function hasFailed(drill: Drill | null): drill is FailedDrill {
  return drill !== null && drill.result !== "passed";
}
