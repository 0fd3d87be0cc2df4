import type { Prices } from "../domain/prices.ts";

/** What Litestream 0.5 asks for each idle database that it keeps registered. */
export const ALONE_PER_CLIENT_MINUTE = 10;
const MINUTES_A_MONTH = 730 * 60;
/** Less than this says nothing about a month. */
const MIN_MINUTES = 5;

/** What the requests cost a month, if it went on like this. */
export interface MonthlyCost {
  /** In dollars. */
  readonly ours: number;
  /** What the same clients would cost Litestream alone while idle, in dollars. */
  readonly alone: number;
  /** How the two come about. */
  readonly formula: string;
}

/**
 * The cost of a month at the rate of the last minutes; null when too few are
 * known. What the bucket keeps costs the same either way and is left out.
 *
 * @param puts requests at the price of writing, in the last `minutes`
 * @param gets requests at the price of reading
 */
export function monthlyCost(
  { puts, gets, minutes, clients, prices }: {
    puts: number;
    gets: number;
    minutes: number;
    clients: number;
    prices: Prices;
  },
): MonthlyCost | null {
  if (minutes < MIN_MINUTES) return null;
  const dollars = (perMinute: number, per1000: number) =>
    perMinute * MINUTES_A_MONTH * per1000 / 1000;
  return {
    ours: dollars(puts / minutes, prices.put) +
      dollars(gets / minutes, prices.get),
    alone: dollars(clients * ALONE_PER_CLIENT_MINUTE, prices.put),
    formula: `(${puts} writes and lists × $${prices.put} + ${gets} reads × ` +
      `$${prices.get}) / 1,000, in ${minutes} minutes; × 60 × 730 hours / ` +
      `${minutes} for a month. Litestream alone: ${clients} clients × ` +
      `${ALONE_PER_CLIENT_MINUTE} lists a minute while idle × 60 × 730 × ` +
      `$${prices.put} / 1,000. Storage and traffic not counted.`,
  };
}
