import { access, constants } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { cacheDir as defaultCacheDir } from "./cache_dir.ts";
import { isNewEnough, MIN_VERSION, versionOf } from "./litestream_version.ts";

/** A Litestream that runs here and is new enough. */
export interface FoundLitestream {
  /** Absolute. */
  readonly path: string;
  /** `0.5.17` */
  readonly version: string;
  /** Where it was found, or how it was got. */
  readonly source:
    | "--litestream"
    | "LITESTREAM_BIN"
    | "PATH"
    | "cache"
    | "release"
    | "wheel"
    | "go";
}

export interface FindOptions {
  /** What the operator named: a path, or a name to look up in PATH. */
  readonly explicit: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Folder of programs that were got.
   * @default {cacheDir(env)}
   */
  readonly cacheDir?: string;
  readonly signal: AbortSignal;
  /** Takes a line for the operator about each step. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Looks for Litestream: what `--litestream` or LITESTREAM_BIN names and nothing else,
 * or else PATH, then the cached copy. Downloads nothing.
 *
 * @throws {Error} that names what was found and is too old, or says how to get it
 */
export async function findLitestream(
  options: FindOptions,
): Promise<FoundLitestream> {
  const { found, tooOld } = await lookFor(options);
  if (found !== null) return found;
  if (tooOld.length > 0) throw new Error(tooOldMessage(tooOld));
  throw new Error(
    "Cannot find Litestream: run `deno task setup`, or name it with --litestream",
  );
}

/** A Litestream that cannot be used. */
export interface TooOld {
  readonly path: string;
  readonly version: string;
}

/**
 * As {@linkcode findLitestream}, but what is not there is no error.
 *
 * @throws {Error} if what the operator named cannot be used
 */
export async function lookFor(
  { explicit, env, cacheDir, signal, onProgress = () => {} }: FindOptions,
): Promise<{ found: FoundLitestream | null; tooOld: TooOld[] }> {
  const named = explicit ?? env["LITESTREAM_BIN"] ?? "";
  if (named !== "") {
    const source = explicit === null ? "LITESTREAM_BIN" : "--litestream";
    return {
      found: await useNamed(named, source, { env, signal }),
      tooOld: [],
    };
  }
  const tooOld: TooOld[] = [];
  const places = [
    ...inPath("litestream", env).map((path) =>
      ({ path, source: "PATH" }) as const
    ),
    {
      path: cachedPath(cacheDir ?? defaultCacheDir(env)),
      source: "cache",
    } as const,
  ];
  for (const { path, source } of places) {
    if (!await isProgram(path)) continue;
    const version = await versionOf(path, { signal });
    if (version === null) {
      onProgress(`Passing over ${path}: it tells no version of Litestream`);
    } else if (isNewEnough(version)) {
      return { found: { path, version, source }, tooOld };
    } else {
      onProgress(
        `Passing over ${path}: ${version} is older than ${MIN_VERSION}`,
      );
      tooOld.push({ path, version });
    }
  }
  return { found: null, tooOld };
}

/** Where a copy that was got is kept. */
export function cachedPath(cacheDir: string): string {
  return join(cacheDir, `litestream-${MIN_VERSION}`);
}

async function useNamed(
  named: string,
  source: "--litestream" | "LITESTREAM_BIN",
  { env, signal }: Pick<FindOptions, "env" | "signal">,
): Promise<FoundLitestream> {
  const places = named.includes("/") ? [resolve(named)] : inPath(named, env);
  for (const path of places) {
    if (!await isProgram(path)) continue;
    const version = await versionOf(path, { signal });
    if (version === null) {
      throw new Error(
        `Cannot use ${source} "${named}": "${path} version" tells no version of Litestream`,
      );
    }
    if (!isNewEnough(version)) {
      throw new Error(tooOldMessage([{ path, version }]));
    }
    return { path, version, source };
  }
  throw new Error(
    `Cannot use ${source} "${named}": there is no such program; run \`deno task setup\` to get Litestream`,
  );
}

function tooOldMessage(found: readonly TooOld[]): string {
  const list = found.map(({ path, version }) => `${version} at "${path}"`);
  return `Cannot use Litestream ${
    list.join(", ")
  }: ${MIN_VERSION} or newer is needed, run \`deno task setup\` to get it`;
}

function inPath(name: string, env: FindOptions["env"]): string[] {
  return (env["PATH"] ?? "").split(delimiter).filter((dir) => dir !== "")
    .map((dir) => resolve(dir, name));
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
