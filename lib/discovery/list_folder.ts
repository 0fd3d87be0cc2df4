import { lookThrough, pathIn } from "./file_facts.ts";
import { classifyName } from "./file_name.ts";
import type { Folder } from "./folder_tree.ts";
import type { Mirror } from "./mirror.ts";
import { codeOf, reasonOf, type Troubles } from "./troubles.ts";

/** How the names of WALs end. */
const WAL = "-wal";
/** A folder changed this lately may change again without another time, in ms. */
const RACY_MS = 2_000;

export interface Listing {
  readonly mirror: Mirror;
  readonly troubles: Troubles;
  /** Gives others their turn when it is time to. */
  readonly breathe: () => Promise<void> | undefined;
  /** Whether a folder's first listing may keep all others waiting. @default {false} */
  readonly inOnePiece?: boolean;
}

/**
 * Whether a folder may hold names that are not known, going by its time of
 * change. Says yes as well when it is gone.
 */
export function wantsListing(folder: Folder): boolean {
  try {
    return folder.racy ||
      lookThrough(folder.path)?.mtimeNs !== folder.listedNs;
  } catch {
    return true;
  }
}

/**
 * Reads a folder's names and checks those that are not known, or no longer
 * there. Known files that are still there are not looked at.
 *
 * @returns whether there was anything to tell
 */
export async function listFolder(
  folder: Folder,
  { mirror, troubles, breathe, inOnePiece = false }: Listing,
): Promise<boolean> {
  const { path, files, folders } = folder;
  let told = false;
  folder.troubled = false;
  folder.opened = true;
  try {
    const before = lookThrough(path)?.mtimeNs ?? -1n;
    const racy = Math.abs(Date.now() - Number(before / 1_000_000n)) < RACY_MS;
    const seen = new Set<string>();
    const take = (entry: Deno.DirEntry, mayHaveWal?: boolean): void => {
      const { name, isDirectory } = entry;
      seen.add(name);
      const known = isDirectory ? folders.has(name) : files.has(name);
      if (known) return;
      told = mirror.check(pathIn(path, name), { mayHaveWal }) || told;
    };
    // In one piece it takes half the time or less, but nobody gets a turn
    // meanwhile; to await each of what is there already would cost half of that.
    if (inOnePiece && folder.listedNs === -1n) {
      const wals = new Set<string>();
      const entries: Deno.DirEntry[] = [];
      for (const entry of Deno.readDirSync(path)) {
        if (entry.name.endsWith(WAL)) wals.add(entry.name);
        if (isOfInterest(entry)) entries.push(entry);
      }
      for (const entry of entries) {
        const pause = breathe();
        if (pause !== undefined) await pause;
        if (!mirror.tree.has(folder)) return true;
        take(entry, wals.has(entry.name + WAL));
      }
    } else {
      for await (const entry of Deno.readDir(path)) {
        // Not `await breathe()` each time: that would cost more than the rest.
        const pause = breathe();
        if (pause !== undefined) await pause;
        if (!mirror.tree.has(folder)) return true;
        if (isOfInterest(entry)) take(entry);
      }
    }
    for (const names of [files.keys(), folders.keys()]) {
      for (const name of [...names]) {
        const pause = breathe();
        if (pause !== undefined) await pause;
        if (!mirror.tree.has(folder)) return true;
        if (!seen.has(name)) told = mirror.check(pathIn(path, name)) || told;
      }
    }
    folder.listedNs = before;
    folder.racy = racy || folder.troubled;
    if (!folder.troubled) troubles.clear(path);
  } catch (error) {
    if (codeOf(error) === "") throw error;
    folder.racy = true;
    told = mirror.check(path) || told;
    if (mirror.tree.has(folder)) {
      troubles.report(
        path,
        `Cannot list folder "${path}": ${reasonOf(error)}`,
        "What was found before is kept; make the folder readable for this user",
      );
    }
  }
  return told;
}

function isOfInterest(
  { name, isDirectory, isSymlink }: Deno.DirEntry,
): boolean {
  if (isDirectory || isSymlink) return !name.startsWith(".");
  // A third of all names, told without looking for a UUID in each.
  if (name.endsWith(WAL)) return false;
  const { kind } = classifyName(name);
  return kind === "database" || kind === "stranger";
}
