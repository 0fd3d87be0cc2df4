import type { Arena } from "./contender.ts";
import { type Spread, spreadOf } from "./figures.ts";
import { Ours, type StatusHead, TROUBLES } from "./ours.ts";
import { ProcessWatch } from "./process_watch.ts";
import { usageOf } from "./processes.ts";
import { compareRestored, type Comparison } from "./restored.ts";
import { Replication } from "./replication.ts";
import { Deadline, Ended, Run } from "./run.ts";
import { Writers } from "./writers.ts";

/** What was measured of ours while all databases were written at once, again and again. */
export interface Storm {
  readonly databases: number;
  readonly loadBefore: number;
  /** See `Figures`. */
  readonly quietBefore?: boolean;
  /** Why it did not get to its end. */
  failure: string | null;
  /** How long they were written again and again, after a first write to each. */
  seconds: number;
  writesPerSecond: number | null;
  /** First write to each, while all slept, into the bucket. */
  wakes: Spread | null;
  /** All writes after that. */
  lag: Spread | null;
  /** Share of the databases that it called protected, seen once a second: on average. */
  protectedShare: number | null;
  /** Most that it called lagging or failing at one time. */
  worstTrouble: number | null;
  /** The first of them that was seen, in words. */
  trouble: string | null;
  daemons: number | null;
  peakRssBytes: number | null;
  /** The same by process. */
  peakRssBy: Readonly<Record<string, number>> | null;
  /** Of one core, by process and in all. */
  cpuPercent: Readonly<Record<string, number>> | null;
  /** From the last write until it says that all are protected; null when not within the RPO. */
  protectedAfter: number | null;
  /** Databases whose last write did not reach the bucket. */
  missing: number | null;
  restored: Comparison | null;
}

export interface StormOptions {
  readonly seconds: number;
  /** Databases that are restored and compared. */
  readonly samples: number;
  readonly say: (text: string) => void;
}

/** Each database is written again after so long, in ms. */
const PAUSE = { minMs: 2_000, maxMs: 5_000 };
/** What the program promises by default, in ms. */
const RPO_MS = 60_000;
const FIRST_BACKUP_MS = 600_000;
const STOP_MS = 120_000;
const RUN_MS = 1_800_000;

/** Has all databases of the arena awake and written at once. */
export async function measureStorm(
  arena: Arena,
  options: StormOptions,
): Promise<Storm> {
  const storm = emptyStorm(
    arena.databases.ids.length,
    options.seconds,
    arena,
  );
  try {
    await takeAll(arena, storm, options);
  } catch (error) {
    storm.failure = error instanceof Ended
      ? error.message
      : (error as Error).stack ?? String(error);
    options.say(`it failed: ${storm.failure.split("\n")[0]}`);
  }
  return storm;
}

export function emptyStorm(
  databases: number,
  seconds: number,
  { isQuiet = true }: { isQuiet?: boolean } = {},
): Storm {
  return {
    databases,
    loadBefore: Deno.loadavg()[0]!,
    quietBefore: isQuiet,
    failure: null,
    seconds,
    writesPerSecond: null,
    wakes: null,
    lag: null,
    protectedShare: null,
    worstTrouble: null,
    trouble: null,
    daemons: null,
    peakRssBytes: null,
    peakRssBy: null,
    cpuPercent: null,
    protectedAfter: null,
    missing: null,
    restored: null,
  };
}

async function takeAll(
  arena: Arena,
  storm: Storm,
  { seconds, samples, say }: StormOptions,
): Promise<void> {
  const { ids } = arena.databases;
  const program = new Ours(arena, ["--max-awake", `${ids.length}`]);
  using deadline = new Deadline(RUN_MS);
  await using run = new Run(program, arena, deadline);
  say("first backup");
  const isProtected = () => program.allProtected();
  if (!await run.poll(FIRST_BACKUP_MS, isProtected, 250)) {
    throw new Ended("The first backup was not done within the bound");
  }
  {
    using replication = new Replication(arena.proxy);
    using writers = new Writers(arena.databases, replication);
    writers.open(ids);
    say("all are written at once");
    for (const id of ids) writers.write(id);
    await run.poll(RPO_MS, () => replication.waiting === 0, 50);
    storm.wakes = spreadOf(replication.takeLatencies(), replication.waiting);

    say(`all are written again and again for ${seconds} s`);
    await written(run, storm, writers);
    say("the writing has stopped");
    const stoppedAt = performance.now();
    if (await run.poll(RPO_MS, isProtected, 100)) {
      storm.protectedAfter = (performance.now() - stoppedAt) / 1_000;
    }
    storm.missing = replication.giveUp();
    storm.lag = spreadOf(replication.takeLatencies(), storm.missing);
  }
  say("restoring some");
  // Spread over all of them: daemons took them in this order.
  const every = Math.max(1, Math.floor(ids.length / samples));
  // Not within the life of the program: it is ended in the middle.
  storm.restored = await compareRestored(arena, {
    ids: ids.filter((_, index) => index % every === 0).slice(0, samples),
    beforeCompare: () => program.stop(STOP_MS),
  });
}

/** Writes, and looks once a second at what the program says and takes. */
async function written(
  run: Run,
  storm: Storm,
  writers: Writers,
): Promise<void> {
  const { program, arena: { databases: { ids } } } = run;
  const ours = program as Ours;
  const watch = new ProcessWatch(program.pid);
  const before = watch.cpuSeconds();
  const heads: StatusHead[] = [];
  let isAsked = false;
  const look = async () => {
    watch.look();
    const head = await ours.status().catch(() => null);
    if (head === null) return;
    heads.push(head);
    if (troubled(head) === 0 || isAsked) return;
    isAsked = true;
    storm.trouble = await ours.trouble().catch(() => null);
    // It was over before it could be asked: the next is.
    isAsked = storm.trouble !== null;
  };
  let last: Promise<void> | null = null;
  const looking = setInterval(
    () => last ??= look().finally(() => last = null),
    1_000,
  );
  const countBefore = writers.written;
  const startedAt = performance.now();
  try {
    await run.during(
      writers.writeAgain(ids, { seconds: storm.seconds, ...PAUSE }),
    );
  } finally {
    clearInterval(looking);
    // What the last one sees counts as well.
    await last;
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  storm.writesPerSecond = (writers.written - countBefore) / seconds;
  storm.cpuPercent = Object.fromEntries(
    Object.entries(watch.cpuSeconds()).map(([name, used]) => [
      name,
      (used - (before[name] ?? 0)) / seconds * 100,
    ]),
  );
  storm.peakRssBytes = watch.peakRssBytes;
  storm.peakRssBy = watch.peakRssBy;
  storm.daemons = Math.max(
    usageOf(program.pid).processes["litestream"]?.count ?? 0,
    ...heads.map(({ daemon }) => daemon.daemons),
  );
  if (heads.length === 0) return;
  storm.protectedShare = heads.reduce(
    (sum, head) => sum + count(head, "protected"),
    0,
  ) / heads.length / ids.length;
  storm.worstTrouble = Math.max(...heads.map(troubled));
}

function count({ counts }: StatusHead, status: string): number {
  return counts[status] ?? 0;
}

function troubled(head: StatusHead): number {
  return TROUBLES.reduce((sum, status) => sum + count(head, status), 0);
}
