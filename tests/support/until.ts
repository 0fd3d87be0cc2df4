import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";

export interface UntilOptions {
  /**
   * In ms; generous, as the machine may be busy.
   * @default 60_000
   */
  timeoutMs?: number;
  /**
   * In ms between two looks.
   * @default 50
   */
  everyMs?: number;
  signal?: AbortSignal;
}

/**
 * Polls until `probe` gives something true and returns that. A probe that throws
 * counts as not yet.
 *
 * @param what what is waited for, as it stands in the error: `client is protected`
 * @throws {Error} after the bound; tells the last value or error seen
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  { timeoutMs = 60_000, everyMs = 50, signal }: UntilOptions = {},
): Promise<NonNullable<T>> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    let seen: string;
    let cause: unknown;
    try {
      const value = await probe();
      if (value) return value;
      seen = inspect(value, { depth: 4 });
    } catch (error) {
      cause = error;
      seen = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() >= end) {
      throw new Error(
        `Waited ${
          timeoutMs / 1000
        } s in vain until ${what}; last seen: ${seen}`,
        { cause },
      );
    }
    await delay(everyMs, undefined, signal ? { signal } : {});
  }
}

/**
 * Polls until `read` gives a value that passes `test`, and returns it; the error
 * shows the last value. For waits whose values are worth seeing: a client, a count.
 */
export async function untilValue<T>(
  what: string,
  read: () => T | Promise<T>,
  test: (value: T) => boolean,
  options: UntilOptions = {},
): Promise<T> {
  const { value } = await until(what, async () => {
    const value = await read();
    if (test(value)) return { value };
    throw new Error(inspect(value, { depth: 4, breakLength: Infinity }));
  }, options);
  return value;
}
