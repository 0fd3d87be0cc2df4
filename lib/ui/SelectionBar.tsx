import { useSignal } from "@preact/signals";
import { IS_BROWSER } from "fresh/runtime";
import type { Action } from "../domain/action.ts";
import type { ClientId } from "../domain/client_id.ts";
import { counted } from "./format.ts";
import type { LiveTable } from "./live_table.ts";

interface Done {
  readonly text: string;
  /** What would take it back. */
  readonly undo: { action: Action; ids: readonly ClientId[] } | null;
}

const DONE: Record<Action, (clients: string) => string> = {
  pause: (clients) => `${clients} paused: changes are not backed up now`,
  resume: (clients) => `${clients} resumed`,
  snapshot: (clients) =>
    `Snapshot of ${clients} asked for: taken when all else is uploaded`,
  drill: (clients) =>
    `Trial restore of ${clients} asked for: one after the other, as they sleep`,
};

const VERBS: Record<Action, string> = {
  pause: "pause",
  resume: "resume",
  snapshot: "take snapshots",
  drill: "try restores",
};

/** Acts on the selected clients; a plain form where there is no script. */
export function SelectionBar({ table, locale }: {
  table: LiveTable;
  locale: string;
}) {
  const busy = useSignal(false);
  const done = useSignal<Done | null>(null);
  const n = table.selected.value.size;

  const act = async (action: Action, ids: readonly ClientId[]) => {
    busy.value = true;
    done.value = null;
    try {
      const response = await fetch(`/api/clients/${action}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ids }),
        signal: AbortSignal.timeout(15_000),
      });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.detail ?? answer.title);
      const clients = counted(answer.changed.length, "client", locale);
      done.value = {
        text: DONE[action](clients),
        undo: action === "pause" && answer.changed.length > 0
          ? { action: "resume", ids: answer.changed }
          : null,
      };
      table.selected.value = new Set();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const what = VERBS[action];
      done.value = { text: `Cannot ${what}: ${reason}`, undo: null };
    } finally {
      busy.value = false;
    }
  };
  const button = (action: Action, label: string) => (
    <button
      type="submit"
      formaction={`/api/clients/${action}`}
      disabled={busy.value}
      onClick={(event) => {
        event.preventDefault();
        act(action, [...table.selected.peek()]);
      }}
    >
      {label}
    </button>
  );
  const undo = done.value?.undo ?? null;
  return (
    <form id="act" class="selection" method="post" data-open={n > 0}>
      {n > 0 && (
        <>
          <strong>{counted(n, "client", locale)} selected</strong>
          {button("snapshot", "Snapshot now")}
          {button("drill", "Try a restore")}
          {button("pause", "Pause protection")}
          {button("resume", "Resume")}
          <button
            type="button"
            class="plain"
            onClick={() => table.selectAll(false)}
          >
            Clear
          </button>
        </>
      )}
      {!IS_BROWSER && (
        <noscript>
          With the selected clients: {button("snapshot", "Snapshot now")}{" "}
          {button("drill", "Try a restore")}{" "}
          {button("pause", "Pause protection")} {button("resume", "Resume")}
        </noscript>
      )}
      <span role="status" class="done">
        {done.value?.text}
        {undo !== null && (
          <button
            type="button"
            class="plain"
            onClick={() => act(undo.action, undo.ids)}
          >
            Undo
          </button>
        )}
      </span>
    </form>
  );
}
