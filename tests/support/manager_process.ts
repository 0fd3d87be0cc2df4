import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Config } from "../../lib/config.ts";
import { connectionUrl } from "../../lib/domain/replica_target.ts";
import { parseClientId } from "../../lib/domain/client_id.ts";
import { LIST_PRICES } from "../../lib/domain/prices.ts";
import { LineSplitter } from "../../lib/domain/line_splitter.ts";
import { contentDigest } from "./app_database.ts";
import type { FuzzManagerOptions, FuzzReport } from "./fuzz_manager.ts";
import { cleanEnv, litestreamBin } from "./replicated.ts";
import { TempDir } from "./temp_dir.ts";
import { untilValue } from "./until.ts";

/**
 * A manager without its web application, in a process of its own: the
 * applications' databases are open in this one.
 */
export class ManagerProcess implements AsyncDisposable {
  readonly config: Config;
  readonly #env: Record<string, string>;
  /** Every report since it was last started. */
  readonly reports: FuzzReport[] = [];
  #child: Deno.ChildProcess | null = null;
  #reading: Promise<void> = Promise.resolve();

  constructor(
    readonly dir: TempDir,
    { config = {}, env = {} }: {
      config?: Partial<Config>;
      env?: Record<string, string>;
    } = {},
  ) {
    this.#env = env;
    const root = dir.join("bucket");
    this.config = {
      watchDirs: [dir.join("data")],
      target: { kind: "file", root, prefix: "databases" },
      bucket: `file://${root}`,
      host: "127.0.0.1",
      port: 0,
      stateDir: dir.join("state"),
      rpoMs: 60_000,
      idleAfterMs: 300,
      maxAwake: 16,
      drillsPerDay: 0,
      retentionMs: 24 * 3600_000,
      litestream: null,
      prices: LIST_PRICES,
      logFormat: "text",
      ...config,
    };
  }

  /** Starts it; resolves with its first report. */
  async start(): Promise<FuzzReport> {
    await Deno.mkdir(this.dir.join("data"), { recursive: true });
    const module = new URL("./fuzz_manager.ts", import.meta.url);
    const options: FuzzManagerOptions = {
      config: this.config,
      litestream: litestreamBin,
      guard: true,
    };
    this.reports.length = 0;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", module.href, JSON.stringify(options)],
      stdout: "piped",
      env: this.#env,
    }).spawn();
    this.#reading = this.#read(this.#child);
    return await this.report("it runs", () => true);
  }

  /** Ends it as a person does: with a last sync. */
  async stop(): Promise<void> {
    this.#child?.kill("SIGTERM");
    await this.#reading;
    this.#child = null;
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#reading;
    this.#child = null;
  }

  /** Freezes it, or lets it go on. */
  freeze(frozen: boolean): void {
    this.#child?.kill(frozen ? "SIGSTOP" : "SIGCONT");
  }

  /** The first report from now on that passes a test. */
  async report(
    what: string,
    test: (report: FuzzReport) => boolean,
  ): Promise<FuzzReport> {
    const from = Date.now();
    const last = await untilValue(
      what,
      () => this.reports.at(-1) ?? null,
      (report) => report !== null && report.at >= from && test(report),
    );
    return last!;
  }

  /** Waits until so many clients are protected and none is awake. */
  allAsleep(count: number): Promise<FuzzReport> {
    return this.report(
      "all are protected and asleep",
      ({ statuses, awake }) =>
        awake === 0 && Object.keys(statuses).length === count &&
        Object.values(statuses).every((status) => status === "protected"),
    );
  }

  /** The digest of what Litestream restores of a database now. */
  async restoredDigest(path: string): Promise<string> {
    const out = this.dir.join("restored");
    const id = parseClientId(basename(path, ".db"))!;
    const url = connectionUrl(this.config.target, id);
    const { success, stderr } = await new Deno.Command(litestreamBin, {
      args: ["restore", "-o", join(out, "x.db"), url],
      ...cleanEnv(this.#env),
    }).output();
    try {
      assert(success, new TextDecoder().decode(stderr));
      return contentDigest(join(out, "x.db"));
    } finally {
      await rm(out, { recursive: true, force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.freeze(false);
    await this.stop();
  }

  async #read(child: Deno.ChildProcess): Promise<void> {
    for await (const line of child.stdout.pipeThrough(new LineSplitter())) {
      this.reports.push(JSON.parse(line));
    }
    await child.status;
  }
}
