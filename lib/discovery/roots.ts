import { closeSync, openSync, realpathSync } from "node:fs";
import { resolve, sep } from "node:path";
import { lookThrough } from "./file_facts.ts";
import { reasonOf } from "./troubles.ts";

/**
 * The folders to watch, each file reached once: a folder that is given twice,
 * or that stands in another given one, falls away. Order stays.
 *
 * @throws {Error} that names the first folder that is missing, no folder or
 * not readable
 */
export function distinctRoots(watchDirs: readonly string[]): string[] {
  const paths = watchDirs.map((path) => resolve(path));
  const real = paths.map((path) => readable(path));
  return paths.filter((_, i) =>
    !real.some((other, j) =>
      i !== j && (other === real[i] ? j < i : reaches(other, real[i]!))
    )
  );
}

/** Whether a scan of `root` comes to `folder`: inside, and not behind a hidden name. */
function reaches(root: string, folder: string): boolean {
  const prefix = root.endsWith(sep) ? root : root + sep;
  if (!folder.startsWith(prefix)) return false;
  return !folder.slice(prefix.length).split(sep).some((name) =>
    name.startsWith(".")
  );
}

function readable(path: string): string {
  const refuse = (reason: string, cause?: unknown) =>
    new Error(`Cannot watch folder "${path}": ${reason}`, { cause });
  let stats;
  try {
    stats = lookThrough(path);
  } catch (error) {
    throw refuse(`${reasonOf(error)}; make it readable for this user`, error);
  }
  if (stats === null) {
    throw refuse("it does not exist; create it, or correct --watch-dir");
  }
  if (!stats.isDirectory()) {
    throw refuse("it is no folder; name the folder that holds the databases");
  }
  try {
    // Opened, it can be listed; its own entry seen, those in it can be looked at.
    closeSync(openSync(path, "r"));
    lookThrough(`${path}${sep}.`);
    return realpathSync(path);
  } catch (error) {
    throw refuse(`${reasonOf(error)}; make it readable for this user`, error);
  }
}
