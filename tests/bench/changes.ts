import { type Figures, type Spread, spreadOf } from "./figures.ts";
import { usageOf } from "./processes.ts";
import { Replication } from "./replication.ts";
import type { Run } from "./run.ts";
import { Writers } from "./writers.ts";

export interface ChangesOptions {
  /** How long a hundredth of the databases is written, in seconds; 0 leaves that out. */
  readonly activeSeconds: number;
  /** Databases whose time from change to replica is measured one by one. */
  readonly sampled: readonly string[];
  /** A hundredth of the databases. */
  readonly active: readonly string[];
}

/** A write that is not in the bucket after this counts as missing, in ms. */
const LATE_MS = 30_000;
/** Between writes to one database after the other, in ms. */
const APART_MS = 170;
/** For the whole hundredth together. */
const MAX_WRITES_PER_SECOND = 50;

/** How long changes take into the bucket, as the proxy sees it. */
export async function measureChanges(
  run: Run,
  figures: Figures,
  { activeSeconds, sampled, active }: ChangesOptions,
): Promise<void> {
  const { program: { pid }, arena } = run;
  using replication = new Replication(arena.proxy);
  using writers = new Writers(arena.databases, replication);
  const arrived = async (): Promise<Spread | null> => {
    await run.poll(LATE_MS, () => replication.waiting === 0, 50);
    const missing = replication.giveUp();
    return spreadOf(replication.takeLatencies(), missing);
  };
  await run.during(writers.writeEach(sampled, APART_MS));
  figures.asleep = await arrived();
  // They were written a moment ago: the program has them at hand.
  await run.pause(2_000);
  await run.during(writers.writeEach(sampled, APART_MS));
  figures.awake = await arrived();

  if (activeSeconds === 0) return;
  const perSecond = Math.min(
    MAX_WRITES_PER_SECOND,
    Math.max(5, active.length / 2),
  );
  // Each is written once before, so that not only wake-ups are measured.
  await run.during(writers.writeEach(active, 1_000 / perSecond));
  await arrived();
  const before = usageOf(pid).cpuSeconds;
  const startedAt = performance.now();
  await run.during(
    writers.writeZipf(active, { seconds: activeSeconds, perSecond }),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  figures.activeCpuPercent = (usageOf(pid).cpuSeconds - before) / seconds * 100;
  figures.activeDatabases = active.length;
  figures.active = await arrived();
}
