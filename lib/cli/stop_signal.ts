/**
 * Ctrl-C in a terminal reaches a program that a task runner started twice: from the
 * terminal and, handed on, from the runner.
 */
const SAME_MS = 1_000;

/** SIGTERM or SIGINT; the second one ends the program. */
export class StopSignal implements Disposable {
  readonly #stop = new AbortController();
  #stoppedAt = 0;
  readonly #listener = () => {
    const now = performance.now();
    if (!this.#stop.signal.aborted) {
      this.#stoppedAt = now;
      this.#stop.abort();
    } else if (now - this.#stoppedAt > SAME_MS) Deno.exit(130);
  };

  constructor() {
    for (const name of ["SIGTERM", "SIGINT"] as const) {
      Deno.addSignalListener(name, this.#listener);
    }
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  async wait(): Promise<void> {
    if (this.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
  }

  [Symbol.dispose](): void {
    for (const name of ["SIGTERM", "SIGINT"] as const) {
      Deno.removeSignalListener(name, this.#listener);
    }
  }
}
