import { type Filter, pageHref, type PageQuery } from "../domain/page_query.ts";
import { STATUSES } from "../domain/status.ts";
import type { Totals } from "../feed/totals.ts";
import { count } from "./format.ts";
import { STATUS_WORDS } from "./status_words.ts";

/** Clients by status, and awake or asleep; each filters the table. */
export function Counters({ totals, query, locale }: {
  totals: Totals;
  query: PageQuery;
  locale: string;
}) {
  const { counts, clients, awake } = totals;
  const chip = (
    filter: Filter | null,
    label: string,
    n: number,
    tone: string,
  ) => (
    <li key={label}>
      <a
        class={`chip ${n > 0 ? tone : "none"}`}
        href={pageHref({ ...query, filter, page: 1 })}
        aria-current={query.filter === filter ? "true" : undefined}
        data-filter
      >
        <strong>{count(n, locale)}</strong> {label}
      </a>
    </li>
  );
  return (
    <nav class="counters" aria-label="Filter by status">
      <ul>
        {chip(null, "All", clients, "plain")}
        {STATUSES
          .filter((status) => counts[status] > 0 || query.filter === status)
          .map((status) =>
            chip(
              status,
              STATUS_WORDS[status].label,
              counts[status],
              STATUS_WORDS[status].tone,
            )
          )}
      </ul>
      <ul>
        {chip("awake", "Awake", awake, "plain")}
        {chip("asleep", "Asleep", clients - awake, "plain")}
      </ul>
    </nav>
  );
}
