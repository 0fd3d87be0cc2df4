import { getLogger } from "@logtape/logtape";
import { setManager } from "../app.ts";
import type { Config } from "../config.ts";
import { replicaUrl } from "../domain/replica_target.ts";
import type { ClientId } from "../domain/client_id.ts";
import { Manager } from "../manager.ts";
import { findLitestream } from "../setup/find_litestream.ts";
import { TESTED_VERSIONS } from "../litestream/log_event.ts";
import { StopSignal } from "./stop_signal.ts";
import { PROGRAM_VERSION } from "./version.ts";

const log = getLogger(["litestream-manager"]);

/** Fewer first backups are done before one could read how far they are. */
const PROGRESS_FROM = 50;
const PROGRESS_EVERY_MS = 5_000;

type Env = Record<string, string | undefined>;

/**
 * Serves the dashboard and keeps every database backed up, until SIGTERM or
 * SIGINT: then the clients that are awake get 20 s for their last sync. A second
 * signal ends the program at once.
 */
export async function run(config: Config, env: Env): Promise<void> {
  using stop = new StopSignal();
  const litestream = await findLitestream({
    explicit: config.litestream,
    env,
    signal: stop.signal,
  });
  if (!TESTED_VERSIONS.includes(litestream.version)) {
    log.warn(
      "Litestream {version} was not tried with this program, {tested} was: a client that it tells nothing about is never called protected",
      { version: litestream.version, tested: TESTED_VERSIONS.join(", ") },
    );
  }
  const server = await serve(config, stop.signal);
  try {
    await using manager = await Manager.start({
      config,
      litestream: litestream.path,
      env,
    });
    using view = setManager(manager);
    announce(config, manager, litestream, server.addr);
    using _progress = tellProgress(manager);
    await stop.wait();

    log.info(
      "Stopping, awake clients: {awake}; a second signal ends at once",
      { awake: manager.registry.awake },
    );
    const left = await manager.drain();
    view[Symbol.dispose]();
    if (left > 0) {
      log.warn(
        left === 1
          ? "1 client has something that is not in the replica: the next start goes on with it"
          : "{left} clients have something that is not in the replica: the next start goes on with them",
        { left },
      );
    } else log.info("Everything is in the replica");
  } finally {
    await server.close();
  }
}

interface Server {
  readonly addr: Deno.NetAddr;
  close(): Promise<void>;
}

/** Listens before anything else, so that a port in use changes nothing. */
async function serve(
  { host, port }: Config,
  signal: AbortSignal,
): Promise<Server> {
  const { default: application } = await import("../../_fresh/server.js");
  const closing = new AbortController();
  try {
    const server = Deno.serve({
      hostname: host,
      port,
      signal: closing.signal,
      automaticCompression: true,
      onListen: () => {},
    }, application.fetch);
    signal.throwIfAborted();
    return {
      addr: server.addr,
      async close() {
        closing.abort();
        await server.finished;
      },
    };
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new Error(
        `Cannot listen on ${host}:${port}: another program does. Choose another --port`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** Says how far the first backups are, as long as there are many to do. */
function tellProgress({ firstBackups }: Manager): Disposable {
  let told = 0;
  const timer = setInterval(() => {
    const progress = firstBackups.peek();
    if (progress === null) {
      if (told > 0) log.info("Every client has its first backup");
      told = 0;
      return;
    }
    const { total, done, perSecond, secondsLeft } = progress;
    if (total < PROGRESS_FROM) return;
    told = done;
    log.info(
      "First backups: {bar} {done} of {total}, {rate} a second, {left}",
      {
        bar: bar(done / total),
        done,
        total,
        rate: perSecond.toFixed(1),
        left: secondsLeft === null
          ? "no rate yet"
          : `${duration(secondsLeft)} left`,
      },
    );
  }, PROGRESS_EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function bar(share: number): string {
  const full = Math.round(share * 20);
  return "#".repeat(full) + "-".repeat(20 - full);
}

function duration(seconds: number): string {
  return seconds < 90
    ? `${Math.ceil(seconds)} s`
    : `${Math.ceil(seconds / 60)} min`;
}

function announce(
  config: Config,
  { registry }: Manager,
  litestream: { path: string; version: string },
  { hostname, port }: Deno.NetAddr,
): void {
  log.info(
    "litestream-manager {version} with Litestream {litestream} ({path})",
    {
      version: PROGRAM_VERSION,
      litestream: litestream.version,
      path: litestream.path,
    },
  );
  log.info("{count} databases in {folders}, kept in {replica}", {
    count: registry.size - registry.counts.peek().gone,
    folders: config.watchDirs.join(", "),
    replica: replicaUrl(config.target, "" as ClientId),
  });
  const name = hostname.includes(":") ? `[${hostname}]` : hostname;
  log.info("Dashboard: http://{name}:{port}", { name, port });
}
