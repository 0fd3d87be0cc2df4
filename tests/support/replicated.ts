import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getLitestream } from "../../lib/setup/get_litestream.ts";

/** Litestream, as the tests run it; got when it is not there. */
export const { path: litestreamBin } = await getLitestream({
  explicit: null,
  env: Deno.env.toObject(),
  signal: AbortSignal.timeout(600_000),
});

/** An environment without the machine's own settings for S3. */
export function cleanEnv(env: Record<string, string> = {}): {
  readonly clearEnv: true;
  readonly env: Record<string, string>;
} {
  const { PATH = "", HOME = "" } = Deno.env.toObject();
  return { clearEnv: true, env: { PATH, HOME, ...env } };
}

export interface ReplicateOptions {
  readonly dbPath: string;
  /** With all that is needed to reach it. */
  readonly url: string;
  readonly env?: Record<string, string>;
  /** Also writes a snapshot (level 9). */
  readonly snapshot?: boolean;
  /** Folder for the configuration. */
  readonly dir: string;
}

/** Brings a replica up to date once, as its housekeeping does. */
export async function replicateOnce(
  { dbPath, url, env = {}, snapshot = false, dir }: ReplicateOptions,
): Promise<void> {
  const config = join(dir, "once.yml");
  await writeFile(
    config,
    JSON.stringify({ dbs: [{ path: dbPath, replicas: [{ url }] }] }),
  );
  const { success, stdout, stderr } = await new Deno.Command(litestreamBin, {
    args: [
      "replicate",
      "-once",
      ...(snapshot ? ["-force-snapshot"] : []),
      // Or a "$" in a path would begin a variable.
      "-no-expand-env",
      "-config",
      config,
    ],
    ...cleanEnv(env),
  }).output();
  if (success) return;
  const decoder = new TextDecoder();
  throw new Error(
    `Cannot replicate "${dbPath}": ${decoder.decode(stdout)}${
      decoder.decode(stderr)
    }`,
  );
}

/**
 * Litestream as a daemon that keeps one database replicated, merging levels every
 * three seconds and removing merged files at once, so that a test sees hours of retention
 * in seconds. Ends when disposed.
 */
export class FastDaemon implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  static async start(
    { dbPath, url, env = {}, dir }: Omit<ReplicateOptions, "snapshot">,
  ): Promise<FastDaemon> {
    const config = join(dir, "daemon.yml");
    await writeFile(
      config,
      JSON.stringify({
        levels: [{ interval: "3s" }],
        "l0-retention": "1ms",
        "l0-retention-check-interval": "1s",
        dbs: [{
          path: dbPath,
          "monitor-interval": "50ms",
          replicas: [{ url, "sync-interval": "50ms" }],
        }],
      }),
    );
    const child = new Deno.Command(litestreamBin, {
      args: ["replicate", "-no-expand-env", "-config", config],
      stdin: "null",
      stdout: "null",
      stderr: "null",
      ...cleanEnv(env),
    }).spawn();
    return new FastDaemon(child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const late = setTimeout(() => this.#child.kill("SIGKILL"), 20_000);
    this.#child.kill("SIGTERM");
    await this.#child.status;
    clearTimeout(late);
  }
}

/** What came of a `litestream` command line, run by a shell as a person would. */
export async function runInShell(
  command: string,
  { env = {}, cwd }: { env?: Record<string, string>; cwd: string },
): Promise<{ readonly ok: boolean; readonly output: string }> {
  // The command names the program as installed; the tests' own may stand elsewhere.
  const script = `litestream() { "$LITESTREAM_BIN" "$@"; }\n${command}`;
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", script],
    cwd,
    ...cleanEnv({ LITESTREAM_BIN: litestreamBin, ...env }),
  }).output();
  const decoder = new TextDecoder();
  return {
    ok: success,
    output: decoder.decode(stdout) + decoder.decode(stderr),
  };
}
