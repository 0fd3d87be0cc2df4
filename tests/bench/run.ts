import { setTimeout as delay } from "node:timers/promises";
import type { Arena, Contender } from "./contender.ts";

/** The program ended by itself, its time was over, or the bench is to end. */
export class Ended extends Error {}

/** The time that all of a measurement may take. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(ms: number) {
    this.#timer = setTimeout(() => this.#controller.abort(), ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** A contender at work. Whatever waits for it ends when it does. */
export class Run implements AsyncDisposable {
  readonly #over: Promise<never>;
  readonly #ending = new AbortController();

  constructor(
    readonly program: Contender,
    readonly arena: Arena,
    { signal }: Deadline,
  ) {
    const over = Promise.withResolvers<never>();
    const endAt = (end: AbortSignal, words: string) => {
      const tell = () => over.reject(new Ended(words));
      if (end.aborted) return tell();
      end.addEventListener("abort", tell, { signal: this.#ending.signal });
    };
    endAt(signal, "It took too long: stopped");
    endAt(arena.signal, "Interrupted");
    this.#over = Promise.race([
      over.promise,
      program.ended.then((words): never => {
        throw new Ended(words);
      }),
    ]);
    // Nobody may be waiting just then.
    this.#over.catch(() => {});
  }

  /** Waits for something as long as the program lives. */
  during<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#over]);
  }

  /** Lets a time pass, in ms. */
  pause(ms: number): Promise<void> {
    const { signal } = this.#ending;
    return this.during(delay(ms, undefined, { signal }));
  }

  /**
   * Polls until it holds; false after the bound. Asking is work for the program
   * too: the more databases it has, the less often it is asked.
   */
  async poll(
    boundMs: number,
    holds: () => boolean | Promise<boolean>,
    everyMs: number = Math.max(25, this.arena.databases.ids.length / 400),
  ): Promise<boolean> {
    const end = performance.now() + boundMs;
    while (performance.now() < end) {
      if (await this.during(Promise.resolve(holds()))) return true;
      await this.pause(everyMs);
    }
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.program[Symbol.asyncDispose]();
  }
}
