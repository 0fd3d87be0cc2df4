import { clientAction } from "../../../../lib/web/client_action.ts";

/** Takes a snapshot of a client as soon as everything else of it is uploaded. */
export const handler = clientAction("snapshot", "take a snapshot of");
