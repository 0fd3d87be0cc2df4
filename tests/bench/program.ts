const KEPT_CHARACTERS = 4_000;

export interface ProgramOptions {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A child process whose last words are kept. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  /** Resolves with how it ended and what it last said. */
  readonly ended: Promise<string>;
  #isEnded = false;

  constructor(path: string, { args, env }: ProgramOptions) {
    this.#child = new Deno.Command(path, {
      args: [...args],
      clearEnv: true,
      env: { ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.ended = Promise.all([
      this.#child.status,
      lastWords(this.#child.stdout),
      lastWords(this.#child.stderr),
    ]).then(([{ code, signal }, ...words]) => {
      this.#isEnded = true;
      return [signal ?? `exit status ${code}`, ...words].join("\n");
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Ends it with SIGTERM, or SIGKILL after `boundMs`. */
  async stop(boundMs: number): Promise<void> {
    if (this.#isEnded) return;
    this.#signal("SIGTERM");
    const timer = setTimeout(() => this.#signal("SIGKILL"), boundMs);
    await this.ended;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop(5_000);
  }

  #signal(name: Deno.Signal): void {
    try {
      this.#child.kill(name);
    } catch (error) {
      // It ended in between.
      const ended = error instanceof TypeError ||
        error instanceof Deno.errors.NotFound;
      if (!ended) throw error;
    }
  }
}

async function lastWords(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<string> {
  let words = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    words = (words + text).slice(-KEPT_CHARACTERS);
  }
  return words;
}
