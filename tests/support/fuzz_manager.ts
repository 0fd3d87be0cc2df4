/**
 * A manager without its web application, for the guard fuzz: as a process of
 * its own it can be killed. Its argument is JSON: see `FuzzManagerOptions`. It
 * writes a JSON line of what it knows ten times a second.
 * @module
 */
// deno-lint-ignore-file no-console
import { configure, getConsoleSink } from "@logtape/logtape";
import { Manager } from "../../lib/manager.ts";
import type { Config } from "../../lib/config.ts";

export interface FuzzManagerOptions {
  readonly config: Config;
  readonly litestream: string;
  readonly guard: boolean;
}

/** What the lines say. */
export interface FuzzReport {
  readonly at: number;
  readonly wakes: number;
  readonly snapshots: number;
  readonly settled: number;
  readonly lapses: number;
  /** Clients that a daemon has, or is being given. */
  readonly awake: number;
  /** LTX files uploaded since the start. */
  readonly uploads: number;
  readonly daemonPid: number | null;
  readonly statuses: Readonly<Record<string, string>>;
  readonly errors: Readonly<Record<string, string>>;
}

if (import.meta.main) {
  const { config, litestream, guard } = JSON.parse(
    Deno.args[0]!,
  ) as FuzzManagerOptions;
  await configure({
    sinks: { stderr: getConsoleSink() },
    loggers: [{
      category: ["logtape", "meta"],
      lowestLevel: "error",
      sinks: ["stderr"],
    }],
  });
  await using manager = await Manager.start({
    config,
    litestream,
    env: Deno.env.toObject(),
    guard,
  });
  const timer = setInterval(() => {
    const clients = [...manager.registry.clients()];
    const report: FuzzReport = {
      at: Date.now(),
      ...manager.work,
      awake: manager.registry.awake,
      uploads: manager.uploads.files,
      daemonPid: manager.daemon.peek().pid,
      statuses: Object.fromEntries(
        clients.map(({ id, status }) => [id, status]),
      ),
      errors: Object.fromEntries(
        clients.map((
          { id, error, blocked },
        ) => [id, error?.message ?? blocked ?? ""]),
      ),
    };
    console.log(JSON.stringify(report));
  }, 100);
  const { promise, resolve } = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGTERM", resolve);
  await promise;
  clearInterval(timer);
  await manager.drain();
}
