import { setTimeout as delay } from "node:timers/promises";
import type { Arena, Contender } from "./contender.ts";

/** The program ended by itself, or its time was over. */
export class Ended extends Error {}

/** A contender at work. Whatever waits for it ends when it does. */
export class Run implements AsyncDisposable {
  readonly #over: Promise<never>;

  constructor(
    readonly program: Contender,
    readonly arena: Arena,
    /** Aborts when all of its time is used up. */
    readonly signal: AbortSignal,
  ) {
    const late = Promise.withResolvers<never>();
    const tell = () => late.reject(new Ended("It took too long: stopped"));
    if (signal.aborted) tell();
    signal.addEventListener("abort", tell);
    this.#over = Promise.race([
      late.promise,
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
      await this.during(delay(everyMs));
    }
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}
