import type { Prices } from "../domain/prices.ts";
import {
  ALONE_PER_CLIENT_MINUTE,
  aloneDollars,
  MINUTES_A_MONTH,
  requestDollars,
} from "../domain/usage.ts";

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
  return {
    ours: requestDollars({ puts, gets }, prices) / minutes * MINUTES_A_MONTH,
    alone: aloneDollars(clients, prices),
    formula: `(${puts} writes and lists × $${prices.put} + ${gets} reads × ` +
      `$${prices.get}) / 1,000, in ${minutes} minutes; × 60 × 730 hours / ` +
      `${minutes} for a month. Litestream alone: ${clients} clients × ` +
      `${ALONE_PER_CLIENT_MINUTE} lists a minute while idle × 60 × 730 × ` +
      `$${prices.put} / 1,000. Storage and traffic not counted.`,
  };
}
