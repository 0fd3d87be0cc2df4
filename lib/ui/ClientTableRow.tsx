import type { ReadonlySignal, Signal } from "@preact/signals";
import type { ClientRow } from "../feed/client_row.ts";
import { bytes } from "./format.ts";
import type { LiveTable } from "./live_table.ts";
import { shownFolder } from "./shown_folder.ts";
import { StatusMark } from "./StatusMark.tsx";
import { TickBar } from "./TickBar.tsx";
import { Ago, Since } from "./Time.tsx";

/** A client in the table. */
export function ClientTableRow({ row, table, locale }: {
  row: Signal<ClientRow>;
  table: LiveTable;
  locale: string;
}) {
  const {
    id,
    path,
    status,
    activity,
    note,
    sizeBytes,
    unsyncedSince,
    lastChangedAt,
    lastSyncedAt,
    ticks,
  } = row.value;
  const { now } = table.clock;
  return (
    <tr>
      <td class="pick">
        <input
          type="checkbox"
          name="id"
          value={id}
          form="act"
          aria-label={`Select ${id}`}
          checked={table.selected.value.has(id)}
          onChange={(event) => table.select(id, event.currentTarget.checked)}
        />
      </td>
      <td class="state">
        <StatusMark status={status} />
        {activity !== "asleep" && <span class="awake">awake</span>}
      </td>
      <th scope="row" class="client">
        <a href={`/clients/${id}`}>{id}</a>
        {note !== null && <span class="note" title={note}>{note}</span>}
      </th>
      <td class="folder" title={path}>
        <span>{shownFolder(path, table.watchDirs)}</span>
      </td>
      <td class="number" data-label="Unsynced">
        {unsyncedSince === null || status === "gone"
          ? <span class="none">–</span>
          : <Since at={unsyncedSince} now={now} locale={locale} />}
      </td>
      <td class="number" data-label="Size">{bytes(sizeBytes, locale)}</td>
      <td class="number" data-label="Changed">
        <Maybe at={lastChangedAt} now={now} locale={locale} />
      </td>
      <td class="number" data-label="Uploaded">
        <Maybe at={lastSyncedAt} now={now} locale={locale} />
      </td>
      <td class="bar">
        <TickBar ticks={ticks} />
      </td>
    </tr>
  );
}

function Maybe({ at, now, locale }: {
  at: number | null;
  now: ReadonlySignal<number>;
  locale: string;
}) {
  return at === null
    ? <span class="none">never</span>
    : <Ago at={at} now={now} locale={locale} />;
}
