import type { Activity } from "../feed/activity_ring.ts";
import type { Totals } from "../feed/totals.ts";
import { BarChart } from "./BarChart.tsx";
import { bytes, count } from "./format.ts";

/** What went to the bucket in the last hour, and how the daemon is. */
export function Facts({ totals, activity, locale }: {
  totals: Totals;
  activity: Activity;
  locale: string;
}) {
  const { daemon } = totals;
  const sum = (values: readonly number[]) =>
    values.reduce((total, n) => total + n, 0);
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
      <BarChart
        label="S3 requests"
        values={activity.requests}
        total={number(sum(activity.requests))}
        format={number}
      />
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
