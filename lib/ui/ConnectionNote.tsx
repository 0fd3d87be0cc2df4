import type { Connection } from "./live_connection.ts";

/** Says that what is on the page may be old. */
export function ConnectionNote({ state }: { state: Connection }) {
  return (
    <p class="connection" role="status" data-state={state}>
      {state === "lost"
        ? "Connection to the manager is lost. What you see is from before; trying again."
        : null}
    </p>
  );
}
