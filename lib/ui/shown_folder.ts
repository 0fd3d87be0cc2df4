import { folderOf } from "./format.ts";

/**
 * A database's folder as the table shows it: without the watched folder that it
 * is in, when there is only one. `path` may have lost its beginning.
 */
export function shownFolder(
  path: string,
  watchDirs: readonly string[],
): string {
  const folder = folderOf(path);
  const [only] = watchDirs;
  if (only === undefined || watchDirs.length > 1) return folder;
  if (folder === only) return "/";
  return folder.startsWith(`${only}/`) ? folder.slice(only.length + 1) : folder;
}
