import { type ReadonlySignal, signal } from "@preact/signals";

/** The manager's clock in the browser: its last word, and what passed since. */
export class LiveClock {
  readonly #now;
  #offset = 0;

  /** @param now the manager's time when the page was rendered */
  constructor(now: number) {
    this.#now = signal(now);
  }

  /** In ms since 1970; goes on once a second while it runs. */
  get now(): ReadonlySignal<number> {
    return this.#now;
  }

  /** Takes in what time the manager has. */
  set(now: number): void {
    this.#offset = now - Date.now();
    this.#now.value = now;
  }

  /** Runs until what it returns is called. */
  run(): () => void {
    this.#offset = this.#now.peek() - Date.now();
    const timer = setInterval(() => {
      this.#now.value = Date.now() + this.#offset;
    }, 1_000);
    return () => clearInterval(timer);
  }
}
