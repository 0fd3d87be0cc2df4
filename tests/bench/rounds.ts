import type { Figures } from "./figures.ts";

/** What one first backup took, in seconds. */
export interface Round {
  /** Until every database had an LTX file in the bucket. */
  readonly uploaded: number;
  /** Until it said so itself, where it can. */
  readonly told: number | null;
}

/** A first backup as it stands in the figures; null when it was not done within the bound. */
export function roundOf(
  { firstUpload, firstBackup }: Figures,
): Round | null {
  if (firstUpload === null) return null;
  return { uploaded: firstUpload, told: firstBackup };
}

/**
 * Puts medians of several first backups in the place of the one: on a machine
 * that does other things as well, each alone may be a fifth off.
 */
export function takeMedians(
  figures: Figures,
  rounds: readonly (Round | null)[],
): void {
  const times = (time: (round: Round) => number | null) =>
    rounds.map((round) => (round && time(round)) ?? Infinity);
  figures.firstUpload = finite(median(times(({ uploaded }) => uploaded)));
  figures.firstBackup = finite(median(times(({ told }) => told)));
  figures.rounds = rounds;
}

/** The one in the middle; of an even number the later of the two, as is not to flatter. */
function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
}

function finite(time: number): number | null {
  return time === Infinity ? null : time;
}
