import type { Prices } from "../domain/prices.ts";
import type { Activity } from "../feed/activity_ring.ts";
import type { Totals } from "../feed/totals.ts";
import { BarChart } from "./BarChart.tsx";
import { monthlyCost } from "./cost.ts";
import { bytes, count, dollars } from "./format.ts";

/** What went to the bucket in the last hour, and how the daemon is. */
export function Facts({ totals, activity, startedAt, prices, locale }: {
  totals: Totals;
  activity: Activity;
  /** In ms since 1970. */
  startedAt: number;
  /** Null where requests cost nothing. */
  prices: Prices | null;
  locale: string;
}) {
  const { daemon } = totals;
  const sum = (values: readonly number[]) =>
    values.reduce((total, n) => total + n, 0);
  const cost = prices && monthlyCost({
    puts: sum(activity.puts),
    gets: sum(activity.gets),
    minutes: Math.min(60, Math.floor((totals.now - startedAt) / 60_000)),
    clients: totals.clients - totals.counts.gone,
    prices,
  });
  const number = (n: number) => count(n, locale);
  const size = (n: number) => bytes(n, locale);
  return (
    <section class="facts" aria-label="The last hour">
      <BarChart
        label="Uploads"
        values={activity.uploads}
        total={number(sum(activity.uploads))}
        format={number}
      />
      <BarChart
        label="Uploaded"
        values={activity.bytes}
        total={size(sum(activity.bytes))}
        format={size}
      />
      {prices !== null && (
        <BarChart
          label="S3 requests"
          values={activity.requests}
          total={number(sum(activity.requests))}
          format={number}
        >
          {cost !== null && (
            <p class="cost" title={cost.formula}>
              <a href="/costs">{dollars(cost.ours, locale)}</a>{" "}
              a month at this rate; Litestream alone{" "}
              {dollars(cost.alone, locale)} while idle
            </p>
          )}
        </BarChart>
      )}
      <dl class="daemon">
        <dt>Litestream</dt>
        <dd>
          <strong class={daemon.state === "running" ? "" : "bad-text"}>
            {daemon.state}
          </strong>
          {daemon.version !== null && ` ${daemon.version}`}
        </dd>
        {daemon.rssBytes !== null && (
          <>
            <dt>Memory</dt>
            <dd>{size(daemon.rssBytes)}</dd>
          </>
        )}
        {daemon.daemons > 1 && (
          <>
            <dt>Processes</dt>
            <dd>{number(daemon.daemons)}</dd>
          </>
        )}
        {daemon.restarts > 0 && (
          <>
            <dt>Restarts</dt>
            <dd>{number(daemon.restarts)}</dd>
          </>
        )}
      </dl>
    </section>
  );
}
