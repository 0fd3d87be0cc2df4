import { isAbsolute, join } from "node:path";

/**
 * Folder of programs that were got: `$XDG_CACHE_HOME/litestream-manager`, or
 * `~/.cache/litestream-manager`.
 *
 * @throws {Error} if neither XDG_CACHE_HOME nor HOME is an absolute path
 */
export function cacheDir(env: Record<string, string | undefined>): string {
  const { XDG_CACHE_HOME: xdg, HOME: home } = env;
  // The XDG rules say that a relative path is to be ignored.
  if (xdg && isAbsolute(xdg)) return join(xdg, "litestream-manager");
  if (home && isAbsolute(home)) {
    return join(home, ".cache", "litestream-manager");
  }
  throw new Error(
    "Cannot tell where to keep programs: set HOME or XDG_CACHE_HOME",
  );
}
