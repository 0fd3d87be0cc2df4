import { copyFile, mkdir, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { AppDatabase } from "../support/app_database.ts";

/** A folder of databases, all alike but for their names. */
export interface DatabaseFolder {
  readonly path: string;
  /** In order of their making. */
  readonly ids: readonly string[];
  /** Disk that it took when it was made. */
  readonly bytes: number;
}

/** How many rows of 100 bytes a database begins with: about 28 KiB. */
const ROWS = 100;
const PARALLEL = 32;
/**
 * When they were last written, in ms ago. Litestream 0.5.17 checkpoints a database
 * that was not within the last minute right after its first sync, and makes a
 * second LTX file of that: as it does for nearly all that it ever meets.
 */
const AGE_MS = 24 * 3_600_000;

/**
 * Makes a folder of `count` databases by copying one: 100,000 in some 10 s, and
 * 2.8 GB. They look as if they had not been written for a day.
 */
export async function makeDatabases(
  path: string,
  count: number,
): Promise<DatabaseFolder> {
  await mkdir(path, { recursive: true });
  const template = join(path, "template");
  {
    using app = AppDatabase.open(template);
    app.insert(ROWS);
  }
  const ids = Array.from({ length: count }, () => crypto.randomUUID());
  const left = ids.values();
  const writtenAt = new Date(Date.now() - AGE_MS);
  await Promise.all(Array.from({ length: PARALLEL }, async () => {
    for (const id of left) {
      const file = join(path, `${id}.db`);
      await copyFile(template, file);
      await utimes(file, writtenAt, writtenAt);
    }
  }));
  await rm(template);
  // Or the disk would still be writing them while others are measured.
  await new Deno.Command("sync", { args: ["-f", path] }).output();
  return { path, ids, bytes: await diskBytes(path) };
}

export function databasePath(
  { path }: Pick<DatabaseFolder, "path">,
  id: string,
): string {
  return join(path, `${id}.db`);
}

/** Disk that a folder takes with all below it, in bytes, as `du` counts it. */
export async function diskBytes(path: string): Promise<number> {
  const { code, stdout, stderr } = await new Deno.Command("du", {
    args: ["-s", "--block-size=1", path],
  }).output();
  const text = new TextDecoder().decode(stdout);
  // Files that vanish meanwhile make it end with 1, and it counts on.
  const bytes = parseInt(text, 10);
  if (Number.isNaN(bytes)) {
    throw new Error(
      `Cannot measure "${path}": du ended with ${code}: ${
        new TextDecoder().decode(stderr)
      }`,
    );
  }
  return bytes;
}
