import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Litestream, as the tests run it. */
export const litestreamBin = Deno.env.get("LITESTREAM_BIN") ?? "litestream";

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
