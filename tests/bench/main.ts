/**
 * `deno task bench`: this program and Litestream alone, one after the other, on
 * the same machine, files and S3 server. Prints a table and writes
 * tests/results/bench.json and docs/bench.svg.
 * @module
 */
// deno-lint-ignore-file no-console
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { findLitestream } from "../../lib/setup/find_litestream.ts";
import { S3Server } from "../support/s3_server.ts";
import { TempDir } from "../support/temp_dir.ts";
import type { Arena, Contender, ContenderName } from "./contender.ts";
import { makeDatabases } from "./databases.ts";
import type { Figures, Report } from "./figures.ts";
import { thisMachine } from "./machine.ts";
import { measure } from "./measure.ts";
import { MeteringProxy } from "./metering_proxy.ts";
import { Ours } from "./ours.ts";
import { Peer } from "./peer.ts";
import { pictureOf } from "./picture.ts";
import { tableOf } from "./table.ts";

const ROOT = new URL("../../", import.meta.url);
const RESULTS = new URL("tests/results/", ROOT);
const PICTURE = new URL("docs/bench.svg", ROOT);

const HELP = `deno task bench [options]
  --sizes 1000,10000     numbers of databases (default 1000)
  --quick                500 databases, shorter looks: ends within 5 minutes
  --only ours|peer|tuned one of the three, or several with commas
  --idle SECONDS         how long the idle are watched (default 60)
  --active SECONDS       how long 1% of them are written (default 30)
  --delay MS             hold each answer of the S3 server back, as by one that is
                         further away (default 0)
  --draw FILE.json       draw the picture of an earlier report again
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
      draw: { type: "string" },
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
    const report = JSON.parse(await readFile(values.draw, "utf8")) as Report;
    console.log(tableOf(report));
    await writePicture(picture, report);
    return 0;
  }
  const { quick } = values;
  const sizes = numbers(values.sizes ?? (quick ? "500" : "1000"), "--sizes");
  const [idleSeconds] = numbers(values.idle ?? (quick ? "30" : "60"), "--idle");
  const [activeSeconds] = numbers(
    values.active ?? (quick ? "10" : "30"),
    "--active",
  );
  const [delayMs] = numbers(values.delay, "--delay");
  const report = await run({
    delayMs: delayMs!,
    sizes,
    names: namesOf(values.only),
    quick,
    idleSeconds: idleSeconds!,
    activeSeconds: activeSeconds!,
  });
  console.log(tableOf(report));
  await mkdir(RESULTS, { recursive: true });
  const file = new URL("bench.json", RESULTS);
  await writeFile(file, JSON.stringify(report, null, 2) + "\n");
  await writePicture(picture, report);
  return 0;
}

interface RunOptions {
  readonly delayMs: number;
  readonly sizes: readonly number[];
  readonly names: readonly ContenderName[];
  readonly quick: boolean;
  readonly idleSeconds: number;
  readonly activeSeconds: number;
}

async function run(options: RunOptions): Promise<Report> {
  await buildPages();
  const litestream = await findLitestream({
    explicit: null,
    env: Deno.env.toObject(),
    signal: AbortSignal.timeout(60_000),
  });
  await using s3 = await S3Server.start();
  const runs: Figures[] = [];
  for (const count of options.sizes) {
    for (const name of options.names) {
      // Each gets fresh files, and they do not stay for the next.
      await using dir = await TempDir.create("bench");
      await using proxy = MeteringProxy.start(s3.endpoint, options);
      const say = (text: string) =>
        console.error(`${count} ${name}: ${text} [load ${loadNow()}]`);
      say("making databases");
      const arena: Arena = {
        dir: dir.path,
        databases: await makeDatabases(dir.join("data"), count),
        proxy,
        bucket: s3.bucket,
        prefix: s3.uniquePrefix(name),
        env: s3.env,
        litestream: litestream.path,
      };
      runs.push(
        await measure(arena, {
          start: CONTENDERS[name],
          name,
          idleSeconds: options.idleSeconds,
          activeSeconds: options.activeSeconds,
          samples: Math.min(count, options.quick ? 30 : 100),
          say,
        }),
      );
    }
  }
  return {
    takenAt: new Date().toISOString().slice(0, 16) + "Z",
    machine: thisMachine(),
    versions: { Litestream: litestream.version, Deno: Deno.version.deno },
    quick: options.quick,
    delayMs: options.delayMs,
    runs,
  };
}

/** The task that starts the program builds its pages when they are not there. */
async function buildPages(): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "lib/cli/ensure_build.ts"],
    cwd: ROOT,
  }).spawn().status;
  if (!success) throw new Error('Cannot build: see "deno task build"');
}

async function writePicture(file: string | URL, report: Report): Promise<void> {
  await mkdir(new URL("docs/", ROOT), { recursive: true });
  await writeFile(file, pictureOf(report));
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

function namesOf(only: string | undefined): ContenderName[] {
  if (only === undefined) return ["ours", "peer", "tuned"];
  return only.split(",").map((name) => {
    if (name in CONTENDERS) return name as ContenderName;
    throw new Error(`Cannot run --only "${name}": give ours, peer or tuned`);
  });
}

function loadNow(): string {
  return Deno.loadavg()[0]!.toFixed(1);
}
