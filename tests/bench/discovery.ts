// deno-lint-ignore-file no-console
/**
 * Measures discovery alone, in a process that may do what the program may:
 * `deno run -A tests/bench/discovery.ts [seconds idle] [only]`. Each database has
 * Litestream's folder beside it, every second one a WAL. `only` is a part of the
 * name of what is to be measured. With every folder watched minutes pass between
 * two sweeps of so many files: a short time idle may see none.
 * @module
 */
import { join } from "node:path";
import {
  startEnvironment,
  startPermissions,
} from "../../lib/cli/start_task.ts";
import { LineSplitter } from "../../lib/domain/line_splitter.ts";
import type { DiscoveryLine } from "../support/discovery_process.ts";
import { Dice, seededRandom } from "../support/random.ts";
import { TempDir } from "../support/temp_dir.ts";
import { until } from "../support/until.ts";
import { totalBytes, usageOf } from "./processes.ts";

/** What discovery costs. Times in ms if their name does not say else. */
export interface DiscoveryFigures {
  readonly what: string;
  readonly databases: number;
  readonly foundMs: number;
  readonly startCpuMs: number;
  /** Seconds of the processor in a minute in which nothing happens. */
  readonly idleCpuSeconds: number;
  readonly managerMiB: number;
  /** Of the process that watches; 0 when there is none. */
  readonly hostMiB: number;
  readonly inotifyWatches: number;
  /** From a write until it was told. */
  readonly noticedMedianMs: number;
  readonly noticedP99Ms: number;
  readonly writes: number;
}

interface Layout {
  readonly name: string;
  readonly folders: number;
  readonly perFolder: number;
}

const LAYOUTS: readonly Layout[] = [
  { name: "one folder", folders: 1, perFolder: 100_000 },
  { name: "10,000 folders", folders: 10_000, perFolder: 10 },
];
const WRITES = 200;
const MIB = 1 << 20;

/** A database's header and nothing else: more is not looked at. */
function headerBytes(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(512);
  bytes.set(new TextEncoder().encode("SQLite format 3\0"));
  bytes.set([2, 0], 16);
  return bytes;
}

/** Makes the databases; gives their paths. */
function make(root: string, { folders, perFolder }: Layout): string[] {
  const bytes = headerBytes();
  const paths: string[] = [];
  for (let folder = 0; folder < folders; folder++) {
    const place = folders === 1 ? root : join(root, `customer-${folder}`);
    if (folders > 1) Deno.mkdirSync(place);
    for (let n = 0; n < perFolder; n++) {
      const name = `${crypto.randomUUID()}.db`;
      const path = join(place, name);
      Deno.writeFileSync(path, bytes);
      Deno.mkdirSync(join(place, `.${name}-litestream`));
      if (n % 2 === 0) {
        Deno.writeFileSync(`${path}-wal`, bytes);
        Deno.writeFileSync(`${path}-shm`, bytes);
      }
      paths.push(path);
    }
  }
  return paths;
}

async function measure(
  root: string,
  paths: readonly string[],
  { how, what, idleSeconds }: {
    how: "watch" | "poll";
    what: string;
    idleSeconds: number;
  },
): Promise<DiscoveryFigures> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...startPermissions(),
      new URL("../support/discovery_process.ts", import.meta.url).href,
      root,
      how,
    ],
    env: startEnvironment(),
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let start: Extract<DiscoveryLine, { found: number }> | null = null;
  const told = new Map<string, number>();
  const reading = (async () => {
    for await (const line of child.stdout.pipeThrough(new LineSplitter())) {
      const said = JSON.parse(line) as DiscoveryLine;
      if ("found" in said) start = said;
      else if ("changed" in said) told.set(said.changed, said.at);
      else console.log(`  ${what}: ${said.trouble}`);
    }
  })();
  try {
    const { ms, cpuMs, found } = await until("all are found", () => start, {
      timeoutMs: 300_000,
    });
    // The watches are set, and what the start left behind is cleared away.
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    const before = usageOf(child.pid).cpuSeconds;
    await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1_000));
    const usage = usageOf(child.pid);
    const idleCpu = (usage.cpuSeconds - before) * 60 / idleSeconds;
    const host = usage.processes["watch host"]?.rssBytes ?? 0;

    const dice = new Dice(seededRandom(1));
    const written = new Map<string, number>();
    while (written.size < WRITES) {
      const path = dice.pick(paths);
      Deno.writeFileSync(`${path}-wal`, new Uint8Array(4096), { append: true });
      if (!written.has(path)) written.set(path, Date.now());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await until(
      "all writes are noticed",
      () => [...written.keys()].every((path) => told.has(path)),
      { timeoutMs: 1_200_000 },
    );
    const noticed = [...written].map(([path, at]) => told.get(path)! - at)
      .sort((a, b) => a - b);
    return {
      what,
      databases: found,
      foundMs: Math.round(ms),
      startCpuMs: Math.round(cpuMs),
      idleCpuSeconds: Number(idleCpu.toFixed(2)),
      managerMiB: Math.round((totalBytes(usage.processes) - host) / MIB),
      hostMiB: Math.round(host / MIB),
      inotifyWatches: usage.inotifyWatches,
      noticedMedianMs: noticed[noticed.length >> 1]!,
      noticedP99Ms: noticed[Math.floor(noticed.length * 0.99)]!,
      writes: noticed.length,
    };
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await reading;
  }
}

if (import.meta.main) {
  const [seconds = "600", only = ""] = Deno.args;
  for (const layout of LAYOUTS) {
    if (
      !["watch", "poll"].some((how) => `${layout.name}, ${how}`.includes(only))
    ) {
      continue;
    }
    await using dir = await TempDir.create("bench-discovery");
    const paths = make(dir.path, layout);
    for (const how of ["watch", "poll"] as const) {
      const what = `${layout.name}, ${how}`;
      if (!what.includes(only)) continue;
      const idleSeconds = Number(seconds);
      console.log(await measure(dir.path, paths, { how, what, idleSeconds }));
    }
  }
}
