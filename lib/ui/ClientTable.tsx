import { PAGE_SIZE, pageHref, type Sort } from "../domain/page_query.ts";
import { ClientTableRow } from "./ClientTableRow.tsx";
import { count, counted } from "./format.ts";
import type { LiveTable } from "./live_table.ts";

const COLUMNS: readonly [Sort, string, string][] = [
  ["status", "Status", "state"],
  ["id", "Client", "client"],
  ["folder", "Folder", "folder"],
  ["unsynced", "Unsynced", "number"],
  ["size", "Size", "number"],
  ["changed", "Changed", "number"],
  ["synced", "Uploaded", "number"],
];

/** The clients of a page, sortable by the heads of its columns. */
export function ClientTable({ table, locale }: {
  table: LiveTable;
  locale: string;
}) {
  const { order, selected, loading } = table;
  const all = order.value.length > 0 &&
    selected.value.size === order.value.length;
  return (
    <div class="table" aria-busy={loading.value}>
      <table class="clients">
        <caption class="hidden">Clients</caption>
        <thead>
          <tr>
            <th class="pick">
              <input
                type="checkbox"
                aria-label="Select all on this page"
                checked={all}
                onChange={(event) =>
                  table.selectAll(event.currentTarget.checked)}
              />
            </th>
            {COLUMNS.map(([sort, label, name]) => (
              <SortHead
                key={sort}
                sort={sort}
                label={label}
                name={name}
                table={table}
              />
            ))}
            <th scope="col" class="bar">Last hour</th>
          </tr>
        </thead>
        <tbody>
          {order.value.map((id) => {
            const row = table.row(id);
            return row && (
              <ClientTableRow
                key={id}
                row={row}
                table={table}
                locale={locale}
              />
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** Sorts by a column; once more turns the order around. */
function SortHead({ sort, label, name, table }: {
  sort: Sort;
  label: string;
  name: string;
  table: LiveTable;
}) {
  const query = table.query.value;
  const sorted = query.sort === sort;
  const descends = sort === "size" || sort === "changed";
  const direction = query.reversed === descends ? "ascending" : "descending";
  const href = pageHref({
    ...query,
    sort,
    reversed: sorted && !query.reversed,
    page: 1,
  });
  return (
    <th scope="col" class={name} aria-sort={sorted ? direction : undefined}>
      <a href={href} data-filter>{label}</a>
    </th>
  );
}

/** Which part of the clients this is, and the ways to the others. */
export function Pager({ table, locale }: { table: LiveTable; locale: string }) {
  const query = table.query.value;
  const total = table.total.value;
  const pages = Math.max(1, Math.ceil(total / PAGE_SIZE));
  const first = (query.page - 1) * PAGE_SIZE + 1;
  const last = first + table.order.value.length - 1;
  const link = (page: number, label: string, enabled: boolean) =>
    enabled
      ? <a href={pageHref({ ...query, page })} data-filter>{label}</a>
      : null;
  return (
    <nav class="pager" aria-label="Pages">
      <span aria-live="polite">
        {total === 0 || last < first ? counted(total, "client", locale) : (
          <>
            {count(first, locale)}–{count(last, locale)} of{" "}
            {counted(total, "client", locale)}
          </>
        )}
      </span>
      {link(1, "First", query.page > 2)}
      {link(Math.min(query.page - 1, pages), "Previous", query.page > 1)}
      {link(query.page + 1, "Next", query.page < pages)}
      {link(pages, "Last", query.page < pages - 1)}
    </nav>
  );
}
