import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { runCommand } from "./run_command.ts";
import { lastLine } from "./wheel.ts";

const RELEASES = "https://github.com/benbjohnson/litestream/releases/download";

const PLATFORMS: Record<string, string> = { linux: "linux", darwin: "darwin" };
const ARCHES: Record<string, string> = { x64: "x86_64", arm64: "arm64" };

/**
 * Gets Litestream's official release and checks it against the SHA-256 in the
 * release's own list.
 *
 * @param base address of the folder of releases
 * @throws {Error} if it cannot be reached, or its checksum is another one
 */
export async function getRelease(
  version: string,
  destination: string,
  { signal, base = RELEASES }: { signal: AbortSignal; base?: string },
): Promise<void> {
  const [os, cpu] = [PLATFORMS[platform()], ARCHES[arch()]];
  if (os === undefined || cpu === undefined) {
    throw new Error(`There is no release for ${platform()} ${arch()}`);
  }
  const name = `litestream-${version}-${os}-${cpu}.tar.gz`;
  const sums = await download(`${base}/v${version}/checksums.txt`, signal);
  const expected = checksumOf(new TextDecoder().decode(sums), name);
  const archive = await download(`${base}/v${version}/${name}`, signal);
  const actual = createHash("sha256").update(archive).digest("hex");
  if (actual !== expected) {
    throw new Error(
      `Cannot trust "${name}": its SHA-256 is ${actual}, the release says ${expected}`,
    );
  }
  const folder = dirname(destination);
  await mkdir(folder, { recursive: true });
  const temp = await mkdtemp(join(folder, ".release-"));
  try {
    await writeFile(join(temp, name), archive);
    const untar = await runCommand(
      "tar",
      ["-xzf", name, "litestream"],
      { signal, cwd: temp },
    );
    if (!untar.ok) {
      throw new Error(`Cannot unpack "${name}": ${lastLine(untar.stderr)}`);
    }
    await chmod(join(temp, "litestream"), 0o755);
    await rename(join(temp, "litestream"), destination);
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

/** The line of a file in a list as `sha256sum` writes it. */
function checksumOf(list: string, name: string): string {
  for (const line of list.split("\n")) {
    const [sum, file] = line.trim().split(/\s+\*?/);
    if (file === name && /^[0-9a-f]{64}$/.test(sum ?? "")) return sum!;
  }
  throw new Error(`Cannot find "${name}" in the release's checksums`);
}

async function download(url: string, signal: AbortSignal): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(`Cannot reach "${url}"`, { cause: error });
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`Cannot download "${url}": status ${response.status}`);
  }
  return await response.bytes();
}
