import { runCommand } from "./run_command.ts";

/** Older ones have no control socket, other log lines, or known data loss. */
export const MIN_VERSION = "0.5.17";

/**
 * Asks a program for its version: `0.5.17`.
 *
 * @returns null if it is no Litestream that runs here
 * @throws the signal's reason
 */
export async function versionOf(
  path: string,
  { signal }: { signal: AbortSignal },
): Promise<string | null> {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(20_000)]);
  try {
    const { ok, stdout } = await runCommand(path, ["version"], {
      signal: bound,
    });
    return ok
      ? /^v?(\d+\.\d+\.\d+\S*)$/.exec(stdout.trim())?.[1] ?? null
      : null;
  } catch (error) {
    signal.throwIfAborted();
    if (bound.aborted) return null;
    throw error;
  }
}

/** Whether a version is new enough; a pre-release counts as its release. */
export function isNewEnough(version: string, least = MIN_VERSION): boolean {
  const [a, b] = [numbers(version), numbers(least)];
  const differs = a.findIndex((part, index) => part !== b[index]);
  return differs < 0 || a[differs]! > (b[differs] ?? 0);
}

function numbers(version: string): number[] {
  return (/^\d+\.\d+\.\d+/.exec(version)?.[0] ?? "0.0.0").split(".").map(
    Number,
  );
}
