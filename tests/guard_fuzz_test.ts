/**
 * Rules of this fuzz: the applications are adversaries, the daemon and the
 * manager are killed with SIGKILL in the middle, and when every client says
 * `protected`, each restore must equal its database, content for content.
 *
 * FUZZ_SEED repeats a run (as far as time allows: processes race), FUZZ_WAKES
 * says how many wake-ups it takes (300), FUZZ_GUARD=off shows that it finds
 * wrong restores when the guard does nothing.
 * @module
 */
// deno-lint-ignore-file no-console
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { LIST_PRICES } from "../lib/domain/prices.ts";
import { LineSplitter } from "../lib/domain/line_splitter.ts";
import type { Config } from "../lib/config.ts";
import { Adversary } from "./support/adversary.ts";
import { contentDigest } from "./support/app_database.ts";
import type { FuzzManagerOptions, FuzzReport } from "./support/fuzz_manager.ts";
import { Dice, seededRandom } from "./support/random.ts";
import { cleanEnv, litestreamBin } from "./support/replicated.ts";
import { TempDir } from "./support/temp_dir.ts";
import { until } from "./support/until.ts";

const SEED = Number(
  Deno.env.get("FUZZ_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
);
const WAKES = Number(Deno.env.get("FUZZ_WAKES") ?? 300);
const GUARD = Deno.env.get("FUZZ_GUARD") !== "off";
const CLIENTS = 32;
const ROUND_MS = 8_000;

Deno.test("no restore is wrong, whatever the applications and kills do", async () => {
  console.log(`FUZZ_SEED=${SEED}`);
  const dice = new Dice(seededRandom(SEED));
  await using dir = await TempDir.create("guard-fuzz");
  const data = dir.join("data");
  await Deno.mkdir(data);
  using adversaries = new DisposableStack();
  const all = Array.from({ length: CLIENTS }, () => {
    const path = `${data}/${randomUUID()}.db`;
    const own = new Dice(seededRandom(dice.between(0, 2 ** 31)));
    return adversaries.use(new Adversary(path, own));
  });
  await using manager = new ManagerProcess({
    config: fuzzConfig(data, dir.join("state"), dir.join("bucket")),
    litestream: litestreamBin,
    guard: GUARD,
  });
  manager.start();

  let wrong = 0;
  let compared = 0;
  let kills = 0;
  for (let round = 1; manager.wakes < WAKES; round++) {
    assert(round <= 200, `only ${manager.wakes} wake-ups in ${round} rounds`);
    const end = new AbortController();
    const apps = all.map((adversary) => adversary.run(end.signal));
    const killing = kill(manager, dice, end.signal);
    await delay(ROUND_MS);
    end.abort();
    kills += await killing;
    await Promise.all(apps);
    await manager.allProtected(all.length);
    for (const { path, digest } of digests(all)) {
      compared++;
      const restored = await restoredDigest(path, dir);
      if (restored === digest) continue;
      wrong++;
      console.log(`round ${round}: wrong restore of ${path}: ${restored}`);
    }
    console.log(
      `round ${round}: ${manager.wakes} wake-ups, ${manager.snapshots} with a snapshot, ${manager.settled} settled, ${kills} kills, ${compared} restores compared, ${wrong} wrong`,
    );
  }
  assert.equal(wrong, 0, `${wrong} of ${compared} restores are wrong`);
});

function fuzzConfig(data: string, stateDir: string, root: string): Config {
  return {
    watchDirs: [data],
    target: { kind: "file", root, prefix: "databases" },
    bucket: `file://${root}`,
    host: "127.0.0.1",
    port: 0,
    stateDir,
    rpoMs: 60_000,
    idleAfterMs: 300,
    maxAwake: 24,
    drillsPerDay: 0,
    retentionMs: 24 * 3600_000,
    litestream: null,
    prices: LIST_PRICES,
    logFormat: "text",
  };
}

/** Kills the daemon or the manager now and then; returns how often. */
async function kill(
  manager: ManagerProcess,
  dice: Dice,
  signal: AbortSignal,
): Promise<number> {
  for (let kills = 0;; kills++) {
    await delay(dice.between(500, 5_000), undefined, { signal }).catch(
      () => {},
    );
    if (signal.aborted) return kills;
    if (dice.chance(0.6)) manager.killDaemon();
    else await manager.killAndStart();
  }
}

function digests(adversaries: readonly Adversary[]) {
  return adversaries.map((adversary) => ({
    path: adversary.path,
    digest: adversary.digest(),
  }));
}

/** The digest of what Litestream restores; what it says when it cannot. */
async function restoredDigest(path: string, dir: TempDir): Promise<string> {
  const id = path.split("/").at(-1)!.replace(/\.db$/, "");
  const out = dir.join("restored");
  const url = `file://${dir.join("bucket")}/databases/${id}`;
  const { success, stderr } = await new Deno.Command(litestreamBin, {
    args: ["restore", "-o", `${out}/x.db`, url],
    ...cleanEnv(),
  }).output();
  try {
    if (!success) return new TextDecoder().decode(stderr).trim();
    return contentDigest(`${out}/x.db`);
  } catch (error) {
    return `${(error as Error).message} ${await readdir(out)}`;
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** The manager as a child that is killed and started again. */
class ManagerProcess implements AsyncDisposable {
  readonly #options: FuzzManagerOptions;
  readonly #before = { wakes: 0, snapshots: 0, settled: 0 };
  #child: Deno.ChildProcess | null = null;
  #reading: Promise<void> = Promise.resolve();
  #report: FuzzReport | null = null;

  constructor(options: FuzzManagerOptions) {
    this.#options = options;
  }

  get wakes() {
    return this.#before.wakes + (this.#report?.wakes ?? 0);
  }

  get snapshots() {
    return this.#before.snapshots + (this.#report?.snapshots ?? 0);
  }

  get settled() {
    return this.#before.settled + (this.#report?.settled ?? 0);
  }

  start(): void {
    const module = new URL("./support/fuzz_manager.ts", import.meta.url);
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", module.href, JSON.stringify(this.#options)],
      stdout: "piped",
    }).spawn();
    this.#reading = this.#read(this.#child);
  }

  killDaemon(): void {
    const pid = this.#report?.daemonPid;
    try {
      if (pid != null) Deno.kill(pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  async killAndStart(): Promise<void> {
    await this.#kill();
    this.start();
  }

  /** Waits until every client is protected, and stays so for a second. */
  async allProtected(count: number): Promise<void> {
    let since = Infinity;
    // A write may still be on its way to the watcher.
    const quiet = Date.now() + 1_000;
    await until("every client is protected", () => {
      const report = this.#report;
      if (report === null || report.at < quiet) return false;
      const statuses = Object.values(report.statuses);
      const good = statuses.length === count &&
        statuses.every((status) => status === "protected");
      since = good ? Math.min(since, report.at) : Infinity;
      if (report.at - since >= 1_000) return true;
      const odd = Object.entries(report.statuses)
        .filter(([, status]) => status !== "protected")
        .map(([id, status]) => `${id} ${status} ${report.errors[id]}`);
      throw new Error(odd.slice(0, 5).join("; ") || "not for long enough");
    }, { timeoutMs: 120_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kill();
    this.killDaemon();
  }

  async #kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#reading;
    this.#before.wakes = this.wakes;
    this.#before.snapshots = this.snapshots;
    this.#before.settled = this.settled;
    this.#report = null;
  }

  async #read(child: Deno.ChildProcess): Promise<void> {
    for await (const line of child.stdout.pipeThrough(new LineSplitter())) {
      this.#report = JSON.parse(line);
    }
    await child.status;
  }
}
