/**
 * `deno task bench`: this program and Litestream alone, one after the other, on
 * the same machine, files and S3 server. Prints a table and writes
 * tests/results/bench.json and docs/bench.svg.
 * @module
 */
// deno-lint-ignore-file no-console
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { StopSignal } from "../../lib/cli/stop_signal.ts";
import { findLitestream } from "../../lib/setup/find_litestream.ts";
import { S3Server } from "../support/s3_server.ts";
import { TempDir } from "../support/temp_dir.ts";
import type { Arena, Contender, ContenderName } from "./contender.ts";
import { makeDatabases } from "./databases.ts";
import { emptyFigures, type Figures, type Report } from "./figures.ts";
import { firstBackup } from "./first_backup.ts";
import { thisMachine, untilQuiet } from "./machine.ts";
import { boundsOf, measure } from "./measure.ts";
import { MeteringProxy } from "./metering_proxy.ts";
import { Ours } from "./ours.ts";
import { Peer } from "./peer.ts";
import { pictureOf } from "./picture.ts";
import { type Round, roundOf, takeMedians } from "./rounds.ts";
import { Deadline, Run } from "./run.ts";
import { measureStorm, type Storm } from "./storm.ts";
import { tableOf } from "./table.ts";
import { ORDER } from "./words.ts";

const ROOT = new URL("../../", import.meta.url);
const RESULTS = new URL("tests/results/", ROOT);
const PICTURE = new URL("docs/bench.svg", ROOT);
/** Litestream alone needs 450 KB and 6 open files for each: it ends before 100,000. */
const MOST_FOR_PEERS = 10_000;
/** Databases that each contender backs up before anything is measured. */
const WARM_UP = 200;
/** How long the machine is waited for to be quiet before a contender begins, in ms. */
const QUIET_MS = 90_000;

/** With more, one first backup is long enough to be compared. */
const ROUNDS_MAX = 1_000;

const HELP = `deno task bench [options]
  --sizes 1000,10000     numbers of databases (default 1000)
  --quick                500 databases, shorter looks: ends within 5 minutes
  --only ours|peer|tuned one of the three, or several with commas (default all,
                         above ${MOST_FOR_PEERS} databases ours alone)
  --rounds 3             how often the first backup is taken by each in turn, of
                         which the median counts (default 3 with at most ${ROUNDS_MAX}
                         databases and several programs, otherwise 1)
  --storm 2000           has so many databases written at once, again and again;
                         without --sizes nothing else is measured
  --idle SECONDS         how long the idle are watched (default 60)
  --active SECONDS       how long 1% of them are written, and how long a storm
                         lasts (default 60)
  --delay MS             hold each answer of the S3 server back, as by one that is
                         further away (default 0)
  --json FILE.json       where the report goes (default tests/results/bench.json)
  --draw FILE.json       draw and print earlier reports again; repeatable
  --picture FILE.svg     where the picture goes (default docs/bench.svg)`;

const CONTENDERS: Readonly<
  Record<ContenderName, (arena: Arena) => Contender>
> = {
  ours: (arena) => new Ours(arena),
  peer: (arena) => new Peer(arena, { tuned: false }),
  tuned: (arena) => new Peer(arena, { tuned: true }),
};

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      sizes: { type: "string" },
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      idle: { type: "string" },
      active: { type: "string" },
      delay: { type: "string", default: "0" },
      storm: { type: "string" },
      rounds: { type: "string" },
      json: { type: "string" },
      draw: { type: "string", multiple: true },
      picture: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const picture = values.picture ?? PICTURE;
  if (values.draw !== undefined) {
    const reports: Report[] = [];
    for (const file of values.draw) {
      reports.push(JSON.parse(await readFile(file, "utf8")));
    }
    console.log(tableOf(reports));
    await writeFile(picture, pictureOf(reports));
    return 0;
  }
  const { quick } = values;
  const storms = values.storm === undefined
    ? []
    : numbers(values.storm, "--storm");
  const sizes = values.sizes === undefined && storms.length > 0
    ? []
    : numbers(values.sizes ?? (quick ? "500" : "1000"), "--sizes");
  // Litestream merges files every 30 s: less would miss its requests for that.
  const [idleSeconds] = numbers(values.idle ?? (quick ? "30" : "60"), "--idle");
  const [activeSeconds] = numbers(
    values.active ?? (quick ? "12" : "60"),
    "--active",
  );
  const [delayMs] = numbers(values.delay, "--delay");
  await mkdir(RESULTS, { recursive: true });
  const json = values.json ?? new URL("bench.json", RESULTS);
  // Ended at once, it would leave the programs that it measures running.
  using stop = new StopSignal();
  const report = await run({
    signal: stop.signal,
    delayMs: delayMs!,
    sizes,
    storms,
    rounds: values.rounds === undefined
      ? null
      : numbers(values.rounds, "--rounds")[0]!,
    names: values.only === undefined ? null : namesOf(values.only),
    quick,
    idleSeconds: idleSeconds!,
    activeSeconds: activeSeconds!,
    // A run with many databases takes hours: what is known is kept at once.
    keep: (report) => writeFile(json, JSON.stringify(report, null, 2) + "\n"),
  }).catch((error) => {
    if (!stop.signal.aborted) throw error;
    return null;
  });
  if (report === null || stop.signal.aborted) {
    console.error(
      `Interrupted; ${json} holds what was measured before, if any`,
    );
    return 130;
  }
  console.log(tableOf([report]));
  await writeFile(picture, pictureOf([report]));
  return 0;
}

interface RunOptions {
  readonly signal: AbortSignal;
  readonly delayMs: number;
  readonly sizes: readonly number[];
  readonly storms: readonly number[];
  /** First backups by each; null: as many as make sense. */
  readonly rounds: number | null;
  /** Null: as many of them as make sense with a number of databases. */
  readonly names: readonly ContenderName[] | null;
  readonly quick: boolean;
  readonly idleSeconds: number;
  readonly activeSeconds: number;
  readonly keep: (report: Report) => Promise<void>;
}

async function run(options: RunOptions): Promise<Report> {
  const { quick, idleSeconds, activeSeconds, signal } = options;
  await buildPages();
  const litestream = await findLitestream({
    explicit: null,
    env: Deno.env.toObject(),
    signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
  });
  await using s3 = await S3Server.start();
  const runs: Figures[] = [];
  const storms: Storm[] = [];
  const report: Report = {
    takenAt: new Date().toISOString().slice(0, 16) + "Z",
    machine: thisMachine(),
    versions: { Litestream: litestream.version, Deno: Deno.version.deno },
    quick,
    delayMs: options.delayMs,
    runs,
    storms,
  };
  /** Each gets fresh files, and they do not stay for the next. */
  const inArena = async (
    name: ContenderName,
    count: number,
    work: (arena: Arena, say: (text: string) => void) => Promise<void>,
  ) => {
    signal.throwIfAborted();
    await using dir = await TempDir.create("bench");
    await using proxy = MeteringProxy.start(s3.endpoint, options);
    const say = (text: string) =>
      console.error(`${count} ${name}: ${text} [load ${loadNow()}]`);
    say("making databases");
    const databases = await makeDatabases(dir.join("data"), count);
    const isQuiet = await untilQuiet(QUIET_MS);
    if (!isQuiet) say("the machine is not quiet");
    await work({
      dir: dir.path,
      databases,
      proxy,
      bucket: s3.bucket,
      prefix: s3.uniquePrefix(name),
      env: s3.env,
      litestream: litestream.path,
      isQuiet,
      signal,
    }, say);
    if (runs.length + storms.length > 0 && !signal.aborted) {
      await options.keep(report);
    }
    say("removing databases");
  };
  /** Takes a first backup and nothing more; null when it did not get there. */
  const firstBackupAlone = async (name: ContenderName, count: number) => {
    const bounds = boundsOf(name, count);
    const boundMs = bounds.firstBackup;
    let round: Round | null = null;
    await inArena(name, count, async (arena, say) => {
      const figures = emptyFigures(name, count, arena);
      using deadline = new Deadline(bounds.run);
      await using run = new Run(CONTENDERS[name](arena), arena, deadline);
      try {
        await firstBackup(run, figures, { boundMs });
        round = roundOf(figures);
        await run.program.stop(bounds.stop);
      } catch (error) {
        say(`the first backup failed: ${(error as Error).message}`);
      }
    });
    return round;
  };
  // Whoever came first would find the store and all caches cold.
  const names = new Set(
    options.sizes.flatMap((count) => options.names ?? namesFor(count)),
  );
  for (const name of names) await firstBackupAlone(name, WARM_UP);
  const moreRounds = async (count: number) => {
    const contenders = runs.filter(({ databases }) => databases === count);
    const several = contenders.length > 1 && count <= ROUNDS_MAX && !quick;
    const wanted = options.rounds ?? (several ? 3 : 1);
    const rounds = contenders.map((figures) => [roundOf(figures)]);
    for (let round = 2; round <= wanted; round++) {
      // Whoever comes later finds more in the store: each in its turn.
      const order = [...contenders.entries()];
      if (round % 2 === 0) order.reverse();
      for (const [index, { contender }] of order) {
        rounds[index]!.push(await firstBackupAlone(contender, count));
      }
    }
    if (wanted < 2) return;
    for (const [index, figures] of contenders.entries()) {
      takeMedians(figures, rounds[index]!);
    }
    await options.keep(report);
  };
  for (const count of options.sizes) {
    for (const name of options.names ?? namesFor(count)) {
      await inArena(name, count, async (arena, say) => {
        runs.push(
          await measure(arena, {
            start: CONTENDERS[name],
            name,
            // Until whoever was woken by a change is asleep again.
            restSeconds: quick ? 10 : 60,
            idleSeconds,
            activeSeconds,
            samples: Math.min(Math.floor(count / 2), quick ? 30 : 100),
            openers: quick ? 150 : 1_000,
            say,
          }),
        );
      });
    }
    await moreRounds(count);
  }
  for (const count of options.storms) {
    await inArena("ours", count, async (arena, say) => {
      storms.push(
        await measureStorm(arena, { seconds: activeSeconds, samples: 20, say }),
      );
    });
  }
  return report;
}

/** Who is run with a number of databases, if nobody says otherwise. */
function namesFor(count: number): ContenderName[] {
  return count <= MOST_FOR_PEERS ? [...ORDER] : ["ours"];
}

/** The task that starts the program builds its pages when they are not there. */
async function buildPages(): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "lib/cli/ensure_build.ts"],
    cwd: ROOT,
  }).spawn().status;
  if (!success) throw new Error('Cannot build: see "deno task build"');
}

function numbers(text: string, option: string): number[] {
  return text.split(",").map((word) => {
    const number = Number(word);
    if (!Number.isInteger(number) || number < 0) {
      throw new Error(`Cannot read ${option} "${word}": give a whole number`);
    }
    return number;
  });
}

function namesOf(only: string): ContenderName[] {
  return only.split(",").map((name) => {
    if (name in CONTENDERS) return name as ContenderName;
    throw new Error(`Cannot run --only "${name}": give ours, peer or tuned`);
  });
}

function loadNow(): string {
  return Deno.loadavg()[0]!.toFixed(1);
}
