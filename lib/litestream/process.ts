import { sleep } from "../domain/sleep.ts";

/**
 * Sends a signal ("0" only asks) to a process that is no child of ours, through
 * the `kill` program: Deno's own way needs the permission to run anything.
 * False when there is no such process.
 */
async function kill(pid: number, signal: string): Promise<boolean> {
  const { success } = await new Deno.Command("kill", {
    args: ["-s", signal, String(pid)],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

/**
 * Ends a process that is no child of ours: asks, waits, then kills.
 *
 * @returns false if it lives on
 */
export async function endProcess(
  pid: number,
  { graceMs }: { graceMs: number },
): Promise<boolean> {
  for (const name of ["TERM", "KILL"]) {
    await kill(pid, name);
    const deadline = performance.now() + graceMs;
    while (performance.now() < deadline) {
      if (!await isAlive(pid)) return true;
      await sleep(50);
    }
  }
  return false;
}

/**
 * The command line of a process; null when there is none, or when this machine
 * has no `ps`.
 */
export function commandLine(pid: number): Promise<string | null> {
  return ps(pid, "args");
}

/** A process that ended and whose parent has not asked for it is dead. */
async function isAlive(pid: number): Promise<boolean> {
  if (!await kill(pid, "0")) return false;
  return !(await ps(pid, "stat"))?.startsWith("Z");
}

async function ps(
  pid: number,
  column: "args" | "stat",
): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command("ps", {
      args: ["-o", `${column}=`, "-p", String(pid)],
      stdin: "null",
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
