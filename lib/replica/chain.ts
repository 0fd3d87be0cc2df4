import { type Txid, TXID_ZERO, txidOf } from "../domain/txid.ts";
import { type LtxFile, SNAPSHOT_LEVEL } from "./stored_object.ts";

/** The first transaction of every history: a file that begins with it holds the whole database. */
export const FIRST_TXID: Txid = txidOf(1);

/** A TXID that can be restored, and the files that end there, lowest level first. */
export interface Reachable {
  readonly txid: Txid;
  readonly files: readonly LtxFile[];
}

type FileRange = Pick<LtxFile, "level" | "minTxid" | "maxTxid">;

/**
 * The TXIDs for which `litestream restore -txid` finds a plan, lowest first.
 *
 * Its rule (`CalcRestorePlan`): begin with the last snapshot that is not past the
 * target, then take files of any lower level that overlap or adjoin what is there
 * (`min <= reached + 1`) and reach further, none of them past the target. It takes
 * the one that reaches furthest, and so misses no chain that there is. A full copy
 * at level 0 in the middle of a history is to it a file like any other.
 */
export function reachable(files: readonly LtxFile[]): Reachable[] {
  const points: Reachable[] = [];
  let reached = TXID_ZERO;
  for (const group of byEnd(files)) {
    const txid = group[0]!.maxTxid;
    const next = following(reached);
    const found = group.some(({ level, minTxid }) =>
      level === SNAPSHOT_LEVEL ? minTxid === FIRST_TXID : minTxid <= next
    );
    if (!found) continue;
    points.push({ txid, files: group });
    reached = txid;
  }
  return points;
}

/** A stretch of transactions without a hole. */
export interface History {
  readonly from: Txid;
  readonly to: Txid;
}

/**
 * Splits points into unbroken histories, oldest first: a new one begins where
 * some of the transactions since the point before are in no file but snapshots.
 */
export function historiesOf(
  points: readonly { readonly txid: Txid }[],
  files: readonly FileRange[],
): History[] {
  const covered = stretches(
    files.filter(({ level }) => level !== SNAPSHOT_LEVEL),
  );
  const histories: { from: Txid; to: Txid }[] = [];
  let at = 0;
  for (const { txid } of points) {
    const last = histories.at(-1);
    while (at < covered.length && covered[at]!.to < txid) at++;
    const stretch = covered[at];
    if (
      last !== undefined && stretch !== undefined &&
      stretch.from <= following(last.to)
    ) {
      last.to = txid;
    } else {
      histories.push({ from: txid, to: txid });
    }
  }
  return histories;
}

/** The union of what files hold, as stretches that neither overlap nor adjoin. */
function stretches(files: readonly FileRange[]): History[] {
  const sorted = files.toSorted((a, b) => compare(a.minTxid, b.minTxid));
  const union: { from: Txid; to: Txid }[] = [];
  for (const { minTxid, maxTxid } of sorted) {
    const last = union.at(-1);
    if (last === undefined || minTxid > following(last.to)) {
      union.push({ from: minTxid, to: maxTxid });
    } else if (maxTxid > last.to) {
      last.to = maxTxid;
    }
  }
  return union;
}

/** Files in groups that end at the same TXID, lowest first. */
function byEnd(files: readonly LtxFile[]): LtxFile[][] {
  const sorted = files.toSorted((a, b) =>
    compare(a.maxTxid, b.maxTxid) || a.level - b.level ||
    compare(a.minTxid, b.minTxid)
  );
  const groups: LtxFile[][] = [];
  for (const file of sorted) {
    const group = groups.at(-1);
    if (group?.[0]?.maxTxid === file.maxTxid) group.push(file);
    else groups.push([file]);
  }
  return groups;
}

function following(txid: Txid): Txid {
  return txidOf(BigInt(`0x${txid}`) + 1n);
}

function compare(a: Txid, b: Txid): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
