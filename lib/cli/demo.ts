// deno-lint-ignore-file no-console
/**
 * `deno task demo [FOLDER] [options]`: databases, a writer, a manager, and backups in
 * a folder instead of S3.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseClientId } from "../domain/client_id.ts";
import { replicaUrl } from "../domain/replica_target.ts";
import { getLitestream } from "../setup/get_litestream.ts";
import { DemoApplications, makeDatabases } from "./demo_data.ts";
import { configureLogging } from "./logging.ts";
import { parseConfig } from "./options.ts";
import { run } from "./run.ts";
import { StopSignal } from "./stop_signal.ts";

const DATABASES = 25;
const BUSY = 4;
const PORT = 8080;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const named = args[0]?.startsWith("-") ? undefined : args[0];
  const flags = named === undefined ? args : args.slice(1);
  const folder = named === undefined
    ? await mkdtemp(join(tmpdir(), "litestream-manager-demo-"))
    : resolve(named);
  try {
    await demo(folder, flags, named === undefined);
    return 0;
  } catch (error) {
    console.error(`demo: ${(error as Error).message}`);
    return 1;
  } finally {
    if (named === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function demo(
  folder: string,
  flags: readonly string[],
  isTemporary: boolean,
): Promise<void> {
  const env = Deno.env.toObject();
  const litestream = await getLitestream({
    explicit: null,
    env,
    signal: AbortSignal.timeout(1_500_000),
    onProgress: (line) => console.log(line),
  });
  const config = await parseConfig(
    [
      ...["--watch-dir", join(folder, "data")],
      ...["--bucket", `file://${join(folder, "replica")}`],
      ...["--state-dir", join(folder, "state")],
      ...["--litestream", litestream.path],
      ...["--port", `${portIsFree(PORT) ? PORT : freePort()}`],
      ...flags,
    ],
    env,
    Deno.readTextFile,
  );
  const [data] = config.watchDirs;
  const databases = await makeDatabases(data!, DATABASES);
  await configureLogging(config.logFormat);

  // Applications go on when a manager ends: these close after it.
  using applications = new DemoApplications(
    databases.slice(0, BUSY),
    databases.slice(BUSY),
  );
  using stop = new StopSignal();
  const failed = new AbortController();
  const ending = AbortSignal.any([stop.signal, failed.signal]);
  const running = run(config, env);
  const url = `http://${config.host}:${config.port}`;
  const shown = show();
  try {
    await Promise.race([running, Promise.all([shown, running])]);
  } finally {
    failed.abort();
    await Promise.allSettled([shown, running]);
  }

  async function show(): Promise<void> {
    const seconds = await untilProtected(url, databases.length, ending);
    if (seconds === null) return;
    const id = parseClientId(basename(databases[0]!, ".db"))!;
    console.log(`
All ${databases.length} databases are protected, ${seconds} s after the start.

  Dashboard   ${url}
  Databases   ${data} (${BUSY} of them are written all the time from now on)
  Backups     ${config.bucket}

Restore one of them, in another terminal:

  ${litestream.path} restore -o restored.db ${replicaUrl(config.target, id)}

Ctrl-C ends it${isTemporary ? ` and removes ${folder}` : ""}.
`);
    await applications.writeUntil(ending);
  }
}

/** Seconds until the API says that all are protected; null when it was stopped. */
async function untilProtected(
  url: string,
  count: number,
  signal: AbortSignal,
): Promise<string | null> {
  const start = performance.now();
  while (!signal.aborted) {
    try {
      const response = await fetch(`${url}/api/status`, { signal });
      const status = await response.json();
      if (response.ok && status.counts.protected >= count) {
        return ((performance.now() - start) / 1000).toFixed(1);
      }
    } catch {
      // Not listening yet.
    }
    await delay(250, undefined, { signal }).catch(() => {});
  }
  return null;
}

function portIsFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch {
    return false;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
