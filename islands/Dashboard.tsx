import { useSignalEffect } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { readPageQuery } from "../lib/domain/page_query.ts";
import { ClientTable, Pager } from "../lib/ui/ClientTable.tsx";
import { ConnectionNote } from "../lib/ui/ConnectionNote.tsx";
import { Counters } from "../lib/ui/Counters.tsx";
import { EmptyState } from "../lib/ui/EmptyState.tsx";
import { FirstBackup } from "../lib/ui/FirstBackup.tsx";
import { Facts } from "../lib/ui/Facts.tsx";
import { type FrontPage, LiveTable } from "../lib/ui/live_table.ts";
import { SearchBox } from "../lib/ui/SearchBox.tsx";
import { SelectionBar } from "../lib/ui/SelectionBar.tsx";
import { listenToTableKeys } from "../lib/ui/table_keys.ts";
import { iconOf, titleOf, verdictOf } from "../lib/ui/verdict.ts";
import { VerdictLine } from "../lib/ui/Verdict.tsx";

/** The front page, kept up to date by the manager's events. */
export default function Dashboard({ page }: { page: FrontPage }) {
  const table = useMemo(() => new LiveTable(page), []);
  useEffect(() => table.run(), []);
  useEffect(() => listenToTableKeys(), []);
  useEffect(() => followAddress(table), []);
  useSignalEffect(() => {
    const verdict = verdictNow(table, page);
    document.title = titleOf(verdict);
    document.querySelector("link[rel=icon]")
      ?.setAttribute("href", iconOf(verdict));
  });
  return (
    <div class="front" onClick={(event) => followFilter(event, table)}>
      <Head table={table} page={page} />
      <div class="tools">
        <SearchBox table={table} />
        <Pager table={table} locale={page.locale} />
      </div>
      <Clients table={table} page={page} />
      <SelectionBar table={table} locale={page.locale} />
    </div>
  );
}

interface PartProps {
  table: LiveTable;
  page: FrontPage;
}

function Head({ table, page }: PartProps) {
  const { totals, activity, query, connection } = table;
  const { locale } = page;
  const { firstBackups } = totals.value;
  return (
    <>
      <ConnectionNote state={connection.state.value} />
      <VerdictLine verdict={verdictNow(table, page)} />
      {firstBackups !== null && (
        <FirstBackup progress={firstBackups} locale={locale} />
      )}
      <Facts
        totals={totals.value}
        activity={activity.value}
        startedAt={page.startedAt}
        prices={page.prices}
        locale={locale}
      />
      <Counters totals={totals.value} query={query.value} locale={locale} />
    </>
  );
}

function Clients({ table, page }: PartProps) {
  const { order, totals, query, loading } = table;
  if (order.value.length > 0 || loading.value) {
    return <ClientTable table={table} locale={page.locale} />;
  }
  if (totals.value.clients === 0) {
    return (
      <EmptyState title="No databases yet">
        <p>
          Put SQLite databases that are named after a UUID, such as{" "}
          <code>7d0f3c1e-58a2-4a7b-9a55-0c6f1d2e3b4a.db</code>, into{" "}
          {page.watchDirs.map((dir) => <code key={dir}>{dir}</code>)}. They
          appear here at once, and are backed up to <code>{page.bucket}</code>.
        </p>
        <p>
          Files that are there but not taken are listed under{" "}
          <a href="/ignored">Ignored</a>.
        </p>
      </EmptyState>
    );
  }
  const { text, filter } = query.value;
  return (
    <EmptyState title="No client matches">
      <p>
        Nothing is found{text !== "" && <>for “{text}”</>}
        {filter !== null && <>among those that are {filter}</>}.{" "}
        <a href="/" data-filter>Show all clients</a>
      </p>
    </EmptyState>
  );
}

function verdictNow(table: LiveTable, { locale, watchDirs }: FrontPage) {
  const totals = table.totals.value;
  // By the second only while something waits: else nothing in it changes.
  const now = totals.oldestUnsyncedSince === null
    ? totals.now
    : table.clock.now.value;
  return verdictOf(totals, { now, locale, target: watchDirs.join(", ") });
}

/** Filters, sorts and turns pages without loading the page again. */
function followFilter(event: MouseEvent, table: LiveTable): void {
  const link = (event.target as Element).closest<HTMLAnchorElement>(
    "a[data-filter]",
  );
  if (link === null || event.defaultPrevented || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  table.go(readPageQuery(new URL(link.href).searchParams));
}

/** Goes along when the reader goes back. */
function followAddress(table: LiveTable): () => void {
  const follow = () =>
    table.show(readPageQuery(new URLSearchParams(location.search)));
  addEventListener("popstate", follow);
  return () => removeEventListener("popstate", follow);
}
