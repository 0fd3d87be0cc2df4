import type { ReadonlySignal } from "@preact/signals";
import type { HistoryEntry } from "../view.ts";
import { bytes } from "./format.ts";
import { Ago } from "./Time.tsx";

const WORDS: Record<HistoryEntry["kind"], { label: string; tone: string }> = {
  changed: { label: "Changed", tone: "busy" },
  woken: { label: "Woken", tone: "quiet" },
  uploaded: { label: "Uploaded", tone: "good" },
  snapshot: { label: "Snapshot", tone: "good" },
  drilled: { label: "Tried", tone: "good" },
  asleep: { label: "Asleep", tone: "quiet" },
  error: { label: "Error", tone: "bad" },
  found: { label: "Found", tone: "quiet" },
  lost: { label: "Lost", tone: "late" },
};

/** What happened to a client, newest first. */
export function Timeline({ history, now, locale }: {
  history: readonly HistoryEntry[];
  now: ReadonlySignal<number>;
  locale: string;
}) {
  if (history.length === 0) {
    return (
      <p class="none">
        Nothing has happened since the manager started. Changes, uploads and
        errors appear here.
      </p>
    );
  }
  return (
    <ol class="timeline">
      {history.toReversed().map((entry) => (
        <li key={`${entry.at} ${entry.kind} ${entry.text}`}>
          <span class={`kind ${WORDS[entry.kind].tone}`}>
            {WORDS[entry.kind].label}
          </span>
          <span class="what">
            {entry.text}
            {entry.bytes !== undefined && (
              <span class="none">{` ${bytes(entry.bytes, locale)}`}</span>
            )}
          </span>
          <Ago at={entry.at} now={now} locale={locale} />
        </li>
      ))}
    </ol>
  );
}
