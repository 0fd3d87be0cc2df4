import { actionAnswer } from "../../../../lib/web/action_answer.ts";
import { clientParam } from "../../../../lib/web/client_param.ts";
import { define, running } from "../../../../lib/web/state.ts";

/** Stops protecting a client until it is resumed; its backup stays. */
export const handler = define.handlers({
  POST({ req, params, state }) {
    const { manager, feed } = running(state);
    const { id } = clientParam(manager, params.id);
    manager.pause(id);
    return actionAnswer(req, feed.client(id));
  },
});
