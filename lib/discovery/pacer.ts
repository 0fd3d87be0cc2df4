import process from "node:process";

/** The longest that one slice of work may keep the event loop, in ms. */
const SLICE_MS = 5;

/**
 * Cuts long work into slices, so that everything else gets its turn in between:
 *
 * ```ts ignore
 * for (const path of paths) {
 *   if (pacer.due()) await pacer.pause();
 *   look(path);
 * }
 * ```
 */
export class Pacer {
  readonly #signal: AbortSignal;
  readonly #sliceMs: number;
  #sliceStart: number = performance.now();
  #cpuStart: number = cpuMs();
  #cpuMs = 0;

  /** @param options `sliceMs`: how long a slice is, in ms */
  constructor(
    { signal, sliceMs = SLICE_MS }: {
      readonly signal: AbortSignal;
      readonly sliceMs?: number;
    },
  ) {
    this.#signal = signal;
    this.#sliceMs = sliceMs;
  }

  /**
   * What all slices took of the processor, in ms. Not what the clock says: on a
   * busy machine that is more, and sweeps would come late just then.
   */
  get cpuMs(): number {
    return this.#cpuMs + cpuMs() - this.#cpuStart;
  }

  due(): boolean {
    return performance.now() - this.#sliceStart > this.#sliceMs;
  }

  /** Lets others have their turn. Throws the signal's reason after an abort. */
  async pause(): Promise<void> {
    this.#cpuMs = this.cpuMs;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#signal.throwIfAborted();
    this.#sliceStart = performance.now();
    this.#cpuStart = cpuMs();
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
