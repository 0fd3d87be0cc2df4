import type { MonthTotals } from "../domain/cost_row.ts";
import type { Prices } from "../domain/prices.ts";
import {
  requestDollars,
  requestsOf,
  transferDollars,
} from "../domain/usage.ts";
import { nameOf } from "./CostFacts.tsx";
import { count, duration, smallDollars } from "./format.ts";
import { Uploaded } from "./Sizes.tsx";

/** What was counted in months that are over, at the prices of today. */
export function MonthTable({ months, prices, locale }: {
  months: readonly MonthTotals[];
  prices: Prices | null;
  locale: string;
}) {
  return (
    <div class="table scrolls">
      <table class="costs">
        <caption class="hidden">Earlier months</caption>
        <thead>
          <tr>
            <th scope="col">Month</th>
            <th scope="col" class="number">Counted for</th>
            {prices !== null && <th scope="col" class="number">Requests</th>}
            <th scope="col" class="number">Uploaded</th>
            {prices !== null && (
              <th scope="col" class="number">Requests and traffic</th>
            )}
          </tr>
        </thead>
        <tbody>
          {months.map(({ month, usage, countedMs }) => (
            <tr key={month}>
              <th scope="row">{nameOf(month)}</th>
              <td class="number">{duration(countedMs)}</td>
              {prices !== null && (
                <td class="number">{count(requestsOf(usage), locale)}</td>
              )}
              <td class="number">
                <Uploaded usage={usage} locale={locale} />
              </td>
              {prices !== null && (
                <td class="number">
                  {smallDollars(
                    requestDollars(usage, prices) +
                      transferDollars(usage.bytes, prices),
                    locale,
                  )}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
