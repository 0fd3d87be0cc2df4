import type { RestorePoint } from "../domain/restore_point.ts";
import type { ReplicaContents } from "../view.ts";
import { FIRST_TXID, historiesOf, type Reachable, reachable } from "./chain.ts";
import type { HeaderTimes } from "./header_times.ts";
import { legacyGenerations } from "./legacy.ts";
import {
  type Layout,
  type Listing,
  type LtxFile,
  ltxFileOf,
  SNAPSHOT_LEVEL,
} from "./stored_object.ts";

export interface ContentsOptions {
  /** The client's folder, as `times` names it. */
  readonly folder: string;
  readonly layout: Layout;
  readonly times: HeaderTimes;
  readonly signal: AbortSignal;
}

/** Makes the contents of a replica out of a listing, reading headers for the times. */
export async function contentsOf(
  { objects, truncated }: Listing,
  { folder, layout, times, signal }: ContentsOptions,
): Promise<ReplicaContents> {
  const listed = objects.flatMap((object) => ltxFileOf(object, layout) ?? []);
  const wanted = filesToTime(reachable(listed), snapshotsOf(listed));
  const known = await times.of(folder, wanted, { signal });
  // Retention removes files while we look: only what is still there counts.
  const files = listed.filter((file) => known.get(file) !== null);
  const points = reachable(files);
  return {
    points: points.map((point) => pointOf(point.files, known)),
    snapshots: snapshotsOf(files).map((file) => pointOf([file], known)),
    histories: historiesOf(points, files),
    sizeBytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    files: listed.map(({ level, maxTxid, object: { sizeBytes } }) => ({
      level,
      maxTxid,
      sizeBytes,
    })),
    truncated,
    legacy: legacyGenerations(objects),
  };
}

/** Which headers to read, most wanted first: snapshots, then points, newest first. */
function filesToTime(
  points: readonly Reachable[],
  snapshots: readonly LtxFile[],
): LtxFile[] {
  const wanted = new Set(snapshots.toReversed());
  for (const { files } of points.toReversed()) wanted.add(files[0]!);
  return [...wanted];
}

function snapshotsOf(files: readonly LtxFile[]): LtxFile[] {
  return files
    .filter(({ level, minTxid }) =>
      level === SNAPSHOT_LEVEL && minTxid === FIRST_TXID
    )
    .sort((a, b) => a.maxTxid < b.maxTxid ? -1 : 1);
}

/**
 * The point at which files end, lowest level first. All levels but snapshots carry
 * the time of their last transaction, so the lowest tells it best.
 */
function pointOf(
  files: readonly LtxFile[],
  times: ReadonlyMap<LtxFile, number | null>,
): RestorePoint {
  const lowest = files[0]!;
  const highest = files.at(-1)!;
  const time = times.get(lowest) ?? null;
  return {
    txid: highest.maxTxid,
    at: time ?? Math.min(...files.map(({ object }) => object.storedAt)),
    exactTime: time !== null,
    level: highest.level,
    minTxid: highest.minTxid,
    sizeBytes: highest.object.sizeBytes,
  };
}
