/** Dollars for 1,000 requests that write or list: S3 Standard, us-east-1, list price. */
export const DOLLARS_PER_1000 = 0.005;
/** What Litestream 0.5 asks for each idle database that it keeps registered. */
export const ALONE_PER_CLIENT_MINUTE = 10;
const MINUTES_A_MONTH = 730 * 60;
/** Less than this says nothing about a month. */
const MIN_MINUTES = 5;

/** What the requests cost a month, if it went on like this. */
export interface MonthlyCost {
  /** At most, in dollars. */
  readonly ours: number;
  /** What the same clients would cost Litestream alone while idle, in dollars. */
  readonly alone: number;
  /** How the two come about. */
  readonly formula: string;
}

/**
 * The cost of a month at the rate of the last minutes; null when too few are
 * known. Every request counts as one that writes or lists, the dearest kind, so
 * ours is never made to look cheaper than it is.
 *
 * @param minutes how many of the last minutes `requests` covers
 */
export function monthlyCost(
  { requests, minutes, clients }: {
    requests: number;
    minutes: number;
    clients: number;
  },
): MonthlyCost | null {
  if (minutes < MIN_MINUTES) return null;
  const dollars = (perMinute: number) =>
    perMinute * MINUTES_A_MONTH * DOLLARS_PER_1000 / 1000;
  return {
    ours: dollars(requests / minutes),
    alone: dollars(clients * ALONE_PER_CLIENT_MINUTE),
    formula: `${requests} requests in ${minutes} minutes, ` +
      `for a month of 730 hours, at $${DOLLARS_PER_1000} for 1,000. ` +
      `Litestream alone: ${clients} clients × ${ALONE_PER_CLIENT_MINUTE} ` +
      "LIST requests a minute while idle, at the same price.",
  };
}
