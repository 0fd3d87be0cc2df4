/**
 * Starts Litestream with an environment of its own; see `childEnvironment`. Throws
 * when there is no such program, or it may not be run.
 */
export function spawnLitestream(
  program: string,
  args: string[],
  env: Readonly<Record<string, string>>,
): Deno.ChildProcess {
  return new Deno.Command(program, {
    args,
    env: { ...env },
    clearEnv: true,
    // Ctrl-C in a terminal is for us alone: the last syncs come first.
    detached: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
