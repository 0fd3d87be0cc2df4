import type { ClientId } from "../domain/client_id.ts";
import { running, type State } from "./state.ts";

/** What can be done to clients from the page. */
export const ACTIONS = ["pause", "resume"] as const;
export type Action = typeof ACTIONS[number];

/**
 * Pauses or resumes clients and notes who did it; returns those it changed. What
 * is unknown, or so already, is left out.
 */
export function act(
  action: Action,
  ids: readonly ClientId[],
  { state, info }: { state: State; info: Deno.ServeHandlerInfo },
): ClientId[] {
  const { manager, feed } = running(state);
  const changed = ids.filter((id) => {
    const client = manager.registry.get(id);
    return client !== undefined && client.paused !== (action === "pause");
  });
  for (const id of changed) manager[action](id);
  const { remoteAddr } = info;
  feed.audit.note(
    action,
    changed,
    "hostname" in remoteAddr ? remoteAddr.hostname : remoteAddr.transport,
  );
  return changed;
}
