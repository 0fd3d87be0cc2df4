/** What a program said; its output is cut to its last 64 KiB. */
export interface CommandOutput {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

const KEEP_CHARS = 64 * 1024;

/**
 * Runs a program to its end. A program that does not exist, or that ends with an
 * error, gives `ok: false` and its reason in `stderr`.
 *
 * @throws the signal's reason when it is aborted; the program is killed then
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  { signal, env, cwd }: {
    signal: AbortSignal;
    env?: Record<string, string>;
    cwd?: string;
  },
): Promise<CommandOutput> {
  signal.throwIfAborted();
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...(env ? { env } : {}),
      ...(cwd ? { cwd } : {}),
    }).spawn();
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotCapable
    ) {
      return { ok: false, stdout: "", stderr: error.message };
    }
    throw error;
  }
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch (error) {
      // Ended by itself in the meantime.
      if (!(error instanceof TypeError)) throw error;
    }
  };
  signal.addEventListener("abort", kill, { once: true });
  try {
    const [status, stdout, stderr] = await Promise.all([
      child.status,
      tail(child.stdout),
      tail(child.stderr),
    ]);
    signal.throwIfAborted();
    return { ok: status.success, stdout, stderr };
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

async function tail(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const decoded = stream.pipeThrough(
    new TextDecoderStream() as TransformStream<Uint8Array, string>,
  );
  for await (const chunk of decoded) text = (text + chunk).slice(-KEEP_CHARS);
  return text;
}
