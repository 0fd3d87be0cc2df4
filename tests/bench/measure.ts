import { measureChanges } from "./changes.ts";
import type { Arena, Contender } from "./contender.ts";
import { diskBytes } from "./databases.ts";
import { emptyFigures, type Figures } from "./figures.ts";
import { firstBackup } from "./first_backup.ts";
import { measureFrontPage } from "./front_page.ts";
import { measureIdle } from "./idle.ts";
import { measureOpeners } from "./openers.ts";
import { Ours, stateDir } from "./ours.ts";
import { Replication } from "./replication.ts";
import { measureRestart } from "./restart.ts";
import { Deadline, Ended, Run } from "./run.ts";
import { measureStore, stateFile } from "./store_figures.ts";
import { Writers } from "./writers.ts";

export interface MeasureOptions {
  readonly start: (arena: Arena) => Contender;
  readonly name: Figures["contender"];
  /** Memory and requests are let come to rest for so long before they count. */
  readonly restSeconds: number;
  /** How long the idle are watched. */
  readonly idleSeconds: number;
  /** How long 1% is written; 0 leaves that out. */
  readonly activeSeconds: number;
  /** Databases whose time from change to replica is measured one by one. */
  readonly samples: number;
  /** Sleeping databases that applications open, read and close. */
  readonly openers: number;
  readonly say: (text: string) => void;
}

/** Fewer databases give too few writes to tell a 99th percentile. */
const MIN_ACTIVE = 10;

/** How long programs rest before they are stopped, in ms, and until all are protected at most. */
const REST_MS = 10_000;
const REST_BOUND_MS = 60_000;

/** How long things may take, in ms. */
export interface Bounds {
  readonly firstBackup: number;
  readonly restart: number;
  readonly stop: number;
  /** All of it. */
  readonly run: number;
}

/** Litestream alone is given up on early: with many databases it may never get there. */
export function boundsOf(
  name: Figures["contender"],
  databases: number,
): Bounds {
  return name === "ours"
    ? {
      firstBackup: Math.max(120_000, databases * 40),
      restart: Math.max(60_000, databases * 6),
      stop: 120_000,
      run: 1_200_000 + databases * 80,
    }
    : { firstBackup: 300_000, restart: 90_000, stop: 60_000, run: 900_000 };
}

/** Takes all figures of one contender with fresh databases. */
export async function measure(
  arena: Arena,
  options: MeasureOptions,
): Promise<Figures> {
  const figures = emptyFigures(
    options.name,
    arena.databases.ids.length,
    arena,
  );
  try {
    await takeAll(arena, figures, options);
  } catch (error) {
    // What others were measured to do is not to be lost by it.
    figures.failure = error instanceof Ended
      ? error.message
      : (error as Error).stack ?? String(error);
  }
  if (figures.failure !== null) {
    options.say(`it failed: ${figures.failure.split("\n")[0]}`);
  }
  return figures;
}

async function takeAll(
  arena: Arena,
  figures: Figures,
  options: MeasureOptions,
): Promise<void> {
  const { name, say } = options;
  const { ids } = arena.databases;
  const bounds = boundsOf(name, ids.length);
  using deadline = new Deadline(bounds.run);
  const begin = () => new Run(options.start(arena), arena, deadline);
  {
    say("first backup");
    await using run = begin();
    if (!await firstLife(run, figures, options, bounds)) return;
    say("coming to rest");
    await comeToRest(run);
    say("stopping");
    await run.program.stop(bounds.stop);
  }
  if (name === "ours") {
    say("the state database");
    figures.store = await measureStore(stateFile(stateDir(arena)));
  }
  {
    say("start again, nothing changed");
    await using run = begin();
    figures.restartUnchanged = await measureRestart(run, {
      changed: [],
      boundMs: bounds.restart,
    });
    if (figures.restartUnchanged.seconds === null) {
      figures.failure = "Started again, it was not ready within the bound";
      return;
    }
    await run.program.stop(bounds.stop);
  }
  const changed = ids.slice(-Math.max(1, Math.floor(ids.length / 100)));
  using replication = new Replication(arena.proxy);
  using writers = new Writers(arena.databases, replication);
  for (const id of changed) writers.write(id);
  say("start again, 1% changed");
  await using run = begin();
  figures.restartChanged = await measureRestart(run, {
    changed,
    boundMs: bounds.restart,
  });
  await run.program.stop(bounds.stop);
}

/**
 * Applications that wrote closed their databases a moment ago, which changes
 * those that sleep. Who is started again with nothing changed has known of that.
 */
async function comeToRest(run: Run): Promise<void> {
  await run.pause(REST_MS);
  await run.poll(
    REST_BOUND_MS,
    async () => await run.program.allProtected() ?? true,
  );
}

/** From the first backup on, until it is to be started again. */
async function firstLife(
  run: Run,
  figures: Figures,
  options: MeasureOptions,
  bounds: Bounds,
): Promise<boolean> {
  const { idleSeconds, activeSeconds, say } = options;
  const { program, arena } = run;
  const { ids, bytes } = arena.databases;
  if (!await firstBackup(run, figures, { boundMs: bounds.firstBackup })) {
    return false;
  }
  say(`first backup: ${figures.firstUpload?.toFixed(1)} s`);
  await run.pause(options.restSeconds * 1_000);
  say(`idle for ${idleSeconds} s`);
  figures.idle = await measureIdle(run, idleSeconds);
  figures.diskBytes = await diskBytes(arena.databases.path) - bytes +
    (program.name === "ours" ? await diskBytes(stateDir(arena)) : 0);

  const sampled = ids.slice(0, options.samples);
  const active = ids.slice(
    -Math.max(MIN_ACTIVE, Math.floor(ids.length / 100)),
  );
  if (program instanceof Ours) {
    figures.frontPage = await measureFrontPage(`${program.url}/`);
    // Others than those that are to be written.
    const sleepers = ids.slice(sampled.length, -active.length)
      .slice(0, options.openers);
    if (sleepers.length > 0) {
      say(`${sleepers.length} are opened, read and closed`);
      figures.openers = await measureOpeners(run, sleepers);
    }
  }
  say("changes");
  await measureChanges(run, figures, { activeSeconds, sampled, active });
  return true;
}
