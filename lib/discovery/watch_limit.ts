/** Kept for the next start of the system, a file's name of its own is easy to find. */
const SYSCTL_FILE = "/etc/sysctl.d/60-litestream-manager.conf";
/** More than any kernel's own default leaves over, where the limit is not known. */
const USUAL_LIMIT = 524_288;

/**
 * To how much the limit of watches must be raised: a power of two above what
 * all programs of this user need.
 *
 * @param limit as it is now, which is used up; null when it is not known
 */
export function neededWatches(
  { limit, unwatched, folders }: {
    readonly limit: number | null;
    /** Folders that got no watch. */
    readonly unwatched: number;
    /** All folders that were found. */
    readonly folders: number;
  },
): number {
  const needed = limit === null
    ? Math.max(USUAL_LIMIT, 2 * folders)
    : limit + unwatched;
  return 2 ** Math.ceil(Math.log2(needed + 1));
}

/** The commands that set a limit of the kernel now, and again whenever it starts. */
export function sysctlHint(name: string, value: number): string {
  const setting = `${name}=${value}`;
  return `Run sudo sysctl -w ${setting} and, to keep it, echo ${setting} | sudo tee ${SYSCTL_FILE}`;
}
