import { clientAction } from "../../../../lib/web/client_action.ts";

/** Stops protecting a client until it is resumed; its backup stays. */
export const handler = clientAction("pause");
