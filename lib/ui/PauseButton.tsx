import { useSignal } from "@preact/signals";
import type { LiveClient } from "./live_client.ts";

/** Stops or starts a client's protection; a plain form where there is no script. */
export function PauseButton({ live }: { live: LiveClient }) {
  const failure = useSignal<string | null>(null);
  const busy = useSignal(false);
  const { clientId, status } = live.client.value;
  if (status === "gone") return null;
  const action = status === "paused" ? "resume" : "pause";
  const url = `/api/client/${clientId}/${action}`;
  const act = async () => {
    busy.value = true;
    failure.value = null;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        signal: AbortSignal.timeout(15_000),
      });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.detail ?? answer.title);
      live.client.value = answer;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failure.value = `Cannot ${action}: ${reason}`;
    } finally {
      busy.value = false;
    }
  };
  return (
    <form
      method="post"
      action={url}
      onSubmit={(event) => {
        event.preventDefault();
        act();
      }}
    >
      <button
        type="submit"
        class={action === "pause" ? "plain" : ""}
        disabled={busy.value}
      >
        {action === "pause" ? "Pause protection" : "Resume protection"}
      </button>
      <span role="status" class="bad-text">{failure}</span>
    </form>
  );
}
