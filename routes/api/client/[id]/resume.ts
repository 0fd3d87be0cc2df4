import { clientAction } from "../../../../lib/web/client_action.ts";

/** Protects a paused client again. */
export const handler = clientAction("resume");
