import { clientAction } from "../../../../lib/web/client_action.ts";

/** Tries a whole restore of a client as soon as it sleeps and is protected. */
export const handler = clientAction("drill", "try a restore of");
