import type { Estimate } from "../costs/forecast.ts";
import type { CostReport } from "../costs/report.ts";
import { requestDollars, transferDollars } from "../domain/usage.ts";
import { count, duration, price, smallDollars } from "./format.ts";
import { StoredSize, Uploaded } from "./Sizes.tsx";

/** What was counted, what it will come to by each basis, and at which price. */
export function ForecastTable({ report, locale }: {
  report: CostReport;
  locale: string;
}) {
  const { month: { usage }, prices, forecast, stored } = report;
  if (prices === null || forecast === null) return null;
  const { estimates } = forecast;
  const number = (n: number) => count(Math.round(n), locale);
  const money = (n: number) => smallDollars(n, locale);
  const per = (dollars: number, what: string) =>
    `${price(dollars, locale)} ${what}`;
  return (
    <div class="table scrolls" role="region" aria-labelledby="how" tabindex={0}>
      <table class="costs">
        <caption class="hidden">How the costs come about</caption>
        <thead>
          <tr>
            <th scope="col">Counted</th>
            <th scope="col" class="number">So far</th>
            {estimates.map((estimate) => (
              <th scope="col" class="number" key={estimate.basis}>
                At the pace of {basisOf(estimate)}
              </th>
            ))}
            <th scope="col" class="number">Price</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Writes and lists</th>
            <td class="number">{number(usage.puts)}</td>
            {estimates.map(({ basis, puts }) => (
              <td class="number" key={basis}>{number(puts)}</td>
            ))}
            <td class="number">{per(prices.put, "for 1,000")}</td>
          </tr>
          <tr>
            <th scope="row">Reads</th>
            <td class="number">{number(usage.gets)}</td>
            {estimates.map(({ basis, gets }) => (
              <td class="number" key={basis}>{number(gets)}</td>
            ))}
            <td class="number">{per(prices.get, "for 1,000")}</td>
          </tr>
          <tr>
            <th scope="row">Uploaded</th>
            <td class="number">
              <Uploaded usage={usage} locale={locale} />
            </td>
            {estimates.map((estimate) => (
              <td class="number" key={estimate.basis}>
                <Uploaded
                  usage={{ bytes: estimate.bytes, unsized: usage.unsized }}
                  locale={locale}
                />
              </td>
            ))}
            <td class="number">{per(prices.transfer, "a GB")}</td>
          </tr>
          <tr class="sum">
            <th scope="row">Requests and traffic</th>
            <td class="number">
              {money(
                requestDollars(usage, prices) +
                  transferDollars(usage.bytes, prices),
              )}
            </td>
            {estimates.map(({ basis, requests, transfer }) => (
              <td class="number" key={basis}>{money(requests + transfer)}</td>
            ))}
            <td />
          </tr>
          <tr>
            <th scope="row">Stored, for a month</th>
            <td class="number">
              <StoredSize
                stored={Object.values(stored.clients).some((n) =>
                    n > 0
                  )
                  ? stored
                  : { ...stored, bytes: null }}
                locale={locale}
              />
            </td>
            {estimates.map(({ basis }) => (
              <td class="number" key={basis}>
                {money(forecast.storage.dollars)}
              </td>
            ))}
            <td class="number">{per(prices.storage, "a GB")}</td>
          </tr>
          {estimates.length > 0 && (
            <tr class="sum">
              <th scope="row">The month in all</th>
              <td />
              {estimates.map(({ basis, requests, transfer }) => (
                <td class="number" key={basis}>
                  {money(requests + transfer + forecast.storage.dollars)}
                </td>
              ))}
              <td />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

/** `this month (3 d 4 h)`, `the last 12 min`, `the last hour` */
export function basisOf({ basis, countedMs }: Estimate): string {
  const time = duration(countedMs);
  if (basis === "month") return `this month (${time})`;
  return `the last ${time === "1 h" ? "hour" : time}`;
}
