export interface BackoffOptions {
  /** @default {1000} */
  readonly firstMs?: number;
  /** @default {60000} */
  readonly maxMs?: number;
  /** Between 0 and 1, for tests. @default {Math.random} */
  readonly random?: () => number;
}

/**
 * How long to wait before attempt number `attempt` (1 is the first retry), in
 * ms: doubles each time up to a maximum, half of it left to chance so that many
 * do not come back at once.
 */
export function backoffMs(
  attempt: number,
  { firstMs = 1_000, maxMs = 60_000, random = Math.random }: BackoffOptions =
    {},
): number {
  const whole = Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(whole / 2 + whole / 2 * random());
}
