import { setTimeout as delay } from "node:timers/promises";
import type { Arena, Contender } from "./contender.ts";
import { diskBytes } from "./databases.ts";
import { emptyFigures, type Figures, type Idle, spreadOf } from "./figures.ts";
import { measureFrontPage } from "./front_page.ts";
import { Ours, stateDir } from "./ours.ts";
import { treeRssBytes, usageOf } from "./processes.ts";
import { Replication } from "./replication.ts";
import { Writers } from "./writers.ts";

export interface MeasureOptions {
  readonly start: (arena: Arena) => Contender;
  readonly name: Figures["contender"];
  /** How long the idle are watched, in seconds. */
  readonly idleSeconds: number;
  /** How long 1% is written, in seconds; 0 leaves that out. */
  readonly activeSeconds: number;
  /** Databases whose time from change to replica is measured one by one. */
  readonly samples: number;
  readonly say: (text: string) => void;
}

/** Memory and requests are let come to rest for so long before they count. */
const REST_MS = 20_000;
const STOP_MS = 120_000;
/** A write that is not in the bucket after this counts as missing, in ms. */
const LATE_MS = 30_000;
/** The program ended by itself. */
class Ended extends Error {}

/** Takes all figures of one contender with fresh databases. */
export async function measure(
  arena: Arena,
  options: MeasureOptions,
): Promise<Figures> {
  const figures = emptyFigures(options.name, arena.databases.ids.length);
  try {
    await takeAll(arena, figures, options);
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    figures.failure = error.message;
    options.say(`it ended: ${error.message.split("\n")[0]}`);
  }
  return figures;
}

async function takeAll(
  arena: Arena,
  figures: Figures,
  { start, idleSeconds, activeSeconds, samples, say }: MeasureOptions,
): Promise<void> {
  const { ids } = arena.databases;
  const bareBytes = await diskBytes(arena.databases.path);
  {
    say("first backup");
    await using program = start(arena);
    await firstBackup(program, arena, figures);
    say(`first backup: ${figures.firstUpload?.toFixed(1) ?? "not done"} s`);
    if (figures.firstUpload === null) {
      figures.failure = "Not all databases were uploaded within the bound";
      return;
    }
    await during(program, delay(REST_MS));
    say(`idle for ${idleSeconds} s`);
    figures.idle = await during(program, idle(program, arena, idleSeconds));
    figures.diskBytes = await diskBytes(arena.databases.path) - bareBytes +
      (program.name === "ours" ? await diskBytes(stateDir(arena)) : 0);
    if (program instanceof Ours) {
      figures.frontPage = await measureFrontPage(`${program.url}/`);
    }
    say("changes");
    await changes(program, arena, figures, { activeSeconds, samples });
    say("stopping");
    await program.stop(STOP_MS);
  }
  {
    say("start again, nothing changed");
    await using program = start(arena);
    figures.restartUnchanged = await restart(program, arena, []);
    await program.stop(STOP_MS);
  }
  const changed = ids.slice(-Math.max(1, Math.floor(ids.length / 100)));
  {
    using replication = new Replication(arena.proxy);
    using writers = new Writers(arena.databases, replication);
    for (const id of changed) writers.write(id);
    say("start again, 1% changed");
    await using program = start(arena);
    figures.restartChanged = await restart(program, arena, changed);
    await program.stop(STOP_MS);
  }
}

async function firstBackup(
  program: Contender,
  arena: Arena,
  figures: Figures,
): Promise<void> {
  const { proxy, databases: { ids } } = arena;
  using replication = new Replication(proxy);
  proxy.reset();
  const startedAt = performance.now();
  const boundMs = Math.max(120_000, ids.length * 60);
  figures.peakRssBytes = 0;
  const done = () => replication.uploaded.size === ids.length;
  await poll(program, boundMs, 100, () => {
    figures.peakRssBytes = Math.max(
      figures.peakRssBytes ?? 0,
      treeRssBytes(program.pid),
    );
    return done();
  });
  if (!done()) return;
  figures.firstUpload = (performance.now() - startedAt) / 1_000;
  if (await program.allProtected() !== null) {
    const told = await poll(
      program,
      60_000,
      100,
      async () => await program.allProtected() === true,
    );
    if (told) figures.firstBackup = (performance.now() - startedAt) / 1_000;
  }
  figures.firstBackupRequests = proxy.counts;
  figures.firstBackupCpuSeconds = usageOf(program.pid).cpuSeconds;
}

async function idle(
  { pid }: Contender,
  { proxy }: Arena,
  seconds: number,
): Promise<Idle> {
  const before = usageOf(pid);
  proxy.reset();
  const startedAt = performance.now();
  await delay(seconds * 1_000);
  const after = usageOf(pid);
  const minutes = (performance.now() - startedAt) / 60_000;
  const perMinute = Object.entries(proxy.counts)
    .map(([kind, count]) => [kind, Math.round(count / minutes)]);
  return {
    seconds,
    rssBytes: after.rssBytes,
    cpuPercent: (after.cpuSeconds - before.cpuSeconds) / (minutes * 60) * 100,
    requestsPerMinute: Object.fromEntries(perMinute),
    openFiles: after.openFiles,
    inotifyWatches: after.inotifyWatches,
  };
}

async function changes(
  program: Contender,
  arena: Arena,
  figures: Figures,
  options: { activeSeconds: number; samples: number },
): Promise<void> {
  const { ids } = arena.databases;
  using replication = new Replication(arena.proxy);
  using writers = new Writers(arena.databases, replication);
  const arrived = async () => {
    await poll(program, LATE_MS, 50, () => replication.waiting === 0);
    const missing = replication.giveUp();
    return spreadOf(replication.takeLatencies(), missing);
  };
  const sampled = ids.slice(0, options.samples);
  await during(program, writers.writeEach(sampled, 170));
  figures.asleep = await arrived();
  // They were written a moment ago: the program has them at hand.
  await during(program, delay(2_000));
  await during(program, writers.writeEach(sampled, 170));
  figures.awake = await arrived();

  if (options.activeSeconds === 0) return;
  const active = ids.slice(-Math.max(1, Math.floor(ids.length / 100)));
  const before = usageOf(program.pid).cpuSeconds;
  await during(
    program,
    writers.writeZipf(active, {
      seconds: options.activeSeconds,
      perSecond: Math.min(50, Math.max(2, active.length / 2)),
    }),
  );
  figures.activeCpuPercent = (usageOf(program.pid).cpuSeconds - before) /
    options.activeSeconds * 100;
  figures.active = await arrived();
}

/**
 * Until all are known as protected. Litestream alone does not tell: there it
 * counts until the bucket was asked about every database.
 */
async function restart(
  program: Contender,
  { proxy, databases: { ids } }: Arena,
  changed: readonly string[],
) {
  using replication = new Replication(proxy);
  proxy.reset();
  const startedAt = performance.now();
  const boundMs = Math.max(60_000, ids.length * 30);
  const done = await poll(program, boundMs, 25, async () => {
    if (changed.some((id) => !replication.uploaded.has(id))) return false;
    return await program.allProtected() ??
      replication.named.size === ids.length;
  });
  const seconds = done ? (performance.now() - startedAt) / 1_000 : null;
  return { seconds, requests: proxy.counts };
}

/** Polls until it holds; false after the bound. */
async function poll(
  program: Contender,
  boundMs: number,
  everyMs: number,
  holds: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const end = performance.now() + boundMs;
  while (performance.now() < end) {
    if (await holds()) return true;
    await during(program, delay(everyMs));
  }
  return false;
}

/** Waits for something as long as the program lives. */
async function during<T>(program: Contender, work: Promise<T>): Promise<T> {
  return await Promise.race([
    work,
    program.ended.then((words): never => {
      throw new Ended(words);
    }),
  ]);
}
