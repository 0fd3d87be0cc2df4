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
  #sliceStart: number = performance.now();
  #busyMs = 0;

  constructor({ signal }: { signal: AbortSignal }) {
    this.#signal = signal;
  }

  /** How long the slices took together, in ms. */
  get busyMs(): number {
    return this.#busyMs + performance.now() - this.#sliceStart;
  }

  due(): boolean {
    return performance.now() - this.#sliceStart > SLICE_MS;
  }

  /** Lets others have their turn. Throws the signal's reason after an abort. */
  async pause(): Promise<void> {
    this.#busyMs += performance.now() - this.#sliceStart;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#signal.throwIfAborted();
    this.#sliceStart = performance.now();
  }
}
