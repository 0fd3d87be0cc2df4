import { actionAnswer } from "../../../../lib/web/action_answer.ts";
import { clientParam } from "../../../../lib/web/client_param.ts";
import { define, running } from "../../../../lib/web/state.ts";

/** Protects a paused client again. */
export const handler = define.handlers({
  POST({ req, params, state }) {
    const { manager, feed } = running(state);
    const { id } = clientParam(manager, params.id);
    manager.resume(id);
    return actionAnswer(req, feed.client(id));
  },
});
