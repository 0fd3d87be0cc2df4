/** Wakes the one loop that waits for it; rung before, it is heard at the next wait. */
export class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Waits until it rings, an abort, or at most `ms`. Never rejects. */
  async wait(
    { signal, ms }: { signal: AbortSignal; ms?: number },
  ): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          this.#wake = null;
          resolve();
        };
        const timer = ms === undefined ? undefined : setTimeout(done, ms);
        signal.addEventListener("abort", done);
        this.#wake = done;
      });
    }
    this.#rung = false;
  }
}
