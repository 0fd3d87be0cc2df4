import { useSignal } from "@preact/signals";
import type { Action } from "../domain/action.ts";
import type { LiveClient } from "./live_client.ts";

interface Said {
  readonly text: string;
  readonly failed: boolean;
}

const WORDS: Record<Action, string> = {
  snapshot: "Snapshot now",
  drill: "Try a restore",
  pause: "Pause protection",
  resume: "Resume protection",
};

const ASKED: Partial<Record<Action, string>> = {
  snapshot: "Asked for: taken when all else is uploaded",
  drill: "Asked for: tried as soon as it sleeps and is protected",
};

/** What can be done to a client; a plain form where there is no script. */
export function ClientActions({ live }: { live: LiveClient }) {
  const said = useSignal<Said | null>(null);
  const busy = useSignal(false);
  const { clientId, status } = live.client.value;
  if (status === "gone") return null;
  const urlOf = (action: Action) => `/api/client/${clientId}/${action}`;
  const act = async (action: Action) => {
    busy.value = true;
    said.value = null;
    try {
      const response = await fetch(urlOf(action), {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        signal: AbortSignal.timeout(15_000),
      });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.detail ?? answer.title);
      live.client.value = answer;
      const text = ASKED[action] ?? null;
      if (text !== null) said.value = { text, failed: false };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const text = `Cannot ${WORDS[action].toLowerCase()}: ${reason}`;
      said.value = { text, failed: true };
    } finally {
      busy.value = false;
    }
  };
  const button = (action: Action) => (
    <button
      type="submit"
      formaction={urlOf(action)}
      class={action === "resume" ? "" : "plain"}
      disabled={busy.value}
      onClick={(event) => {
        event.preventDefault();
        act(action);
      }}
    >
      {WORDS[action]}
    </button>
  );
  return (
    <form method="post" class="actions">
      {status === "paused" ? button("resume") : (
        <>
          {button("drill")}
          {button("snapshot")}
          {button("pause")}
        </>
      )}
      <span role="status" class={said.value?.failed ? "bad-text" : "none"}>
        {said.value?.text}
      </span>
    </form>
  );
}
