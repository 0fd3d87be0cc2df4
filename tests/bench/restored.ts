import { contentDigest } from "../support/app_database.ts";
import { cleanEnv } from "../support/replicated.ts";
import { TempDir } from "../support/temp_dir.ts";
import type { Arena } from "./contender.ts";
import { databasePath } from "./databases.ts";

/** Databases that came out of the bucket, held against their sources. */
export interface Comparison {
  readonly compared: number;
  /** What was wrong, in words. */
  readonly wrong: readonly string[];
}

/**
 * Restores with Litestream's own command what stands in the bucket now, then
 * compares all rows.
 *
 * @param beforeCompare ends the program: reading a source here would take part
 * in its locks
 */
export async function compareRestored(
  arena: Arena,
  { ids, beforeCompare }: {
    ids: readonly string[];
    beforeCompare: () => Promise<void>;
  },
): Promise<Comparison> {
  await using dir = await TempDir.create("bench-restored");
  const wrong: string[] = [];
  const restored: string[] = [];
  for (const id of ids) {
    const said = await restore(arena, id, dir.join(`${id}.db`));
    if (said === null) restored.push(id);
    else wrong.push(`${id}: ${said}`);
  }
  await beforeCompare();
  for (const id of restored) {
    try {
      const source = contentDigest(databasePath(arena.databases, id));
      if (source !== contentDigest(dir.join(`${id}.db`))) {
        wrong.push(`${id}: other rows`);
      }
    } catch (error) {
      wrong.push(`${id}: ${(error as Error).message}`);
    }
  }
  return { compared: ids.length, wrong };
}

/** Returns null, or what Litestream said when it failed. */
async function restore(
  { litestream, env, proxy, bucket, prefix }: Arena,
  id: string,
  out: string,
): Promise<string | null> {
  const options = new URLSearchParams({
    endpoint: proxy.endpoint,
    forcePathStyle: "true",
  });
  const url = `s3://${bucket}/${prefix}/${id}?${options}`;
  const { success, stdout, stderr } = await new Deno.Command(litestream, {
    args: ["restore", "-o", out, url],
    ...cleanEnv({ ...env }),
  }).output();
  if (success) return null;
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}
