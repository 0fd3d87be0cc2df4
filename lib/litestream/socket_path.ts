import { createHash } from "node:crypto";
import { join } from "node:path";

/** Linux takes 107 bytes for the path of a socket, macOS 103. */
const MAX_BYTES = 100;

/**
 * Where the daemon's control socket stands: in the state folder, or, where that
 * path is too long for a socket, in a folder of its own under /tmp that only
 * this user may enter.
 */
export async function controlSocketPath(
  stateDir: string,
  name = "litestream",
): Promise<string> {
  const path = join(stateDir, `${name}.sock`);
  if (new TextEncoder().encode(path).length <= MAX_BYTES) return path;
  const hash = createHash("sha256").update(stateDir).digest("hex").slice(0, 16);
  const folder = `/tmp/litestream-manager-${hash}`;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const { mode, uid } = await Deno.stat(folder);
  if (uid !== Deno.uid() || ((mode ?? 0) & 0o077) !== 0) {
    throw new Error(
      `Cannot use "${folder}" for the control socket: it is another user's. Give a shorter --state-dir`,
    );
  }
  return join(folder, `${name}.sock`);
}
