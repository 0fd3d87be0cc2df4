import type { Action } from "../domain/action.ts";
import type { Client } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import { running, type State } from "./state.ts";

/**
 * Does something to clients and notes who did it; returns those it concerned.
 * What is unknown, or not in need of it, is left out.
 */
export function act(
  action: Action,
  ids: readonly ClientId[],
  { state, info }: { state: State; info: Deno.ServeHandlerInfo },
): ClientId[] {
  const { manager } = running(state);
  const concerned = [...new Set(ids)].filter((id) => {
    const client = manager.registry.get(id);
    return client !== undefined && isOpenTo(action, client);
  });
  for (const id of concerned) manager[action](id);
  const { remoteAddr } = info;
  manager.audit.note(
    action,
    concerned,
    "hostname" in remoteAddr ? remoteAddr.hostname : remoteAddr.transport,
  );
  return concerned;
}

function isOpenTo(action: Action, { paused, presence }: Client): boolean {
  switch (action) {
    case "pause":
      return !paused;
    case "resume":
      return paused;
    case "snapshot":
    case "drill":
      return !paused && presence === "present";
  }
}
