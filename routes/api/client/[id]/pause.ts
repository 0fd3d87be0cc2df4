import { actionAnswer } from "../../../../lib/web/action_answer.ts";
import { act } from "../../../../lib/web/actions.ts";
import { clientParam } from "../../../../lib/web/client_param.ts";
import { define, running } from "../../../../lib/web/state.ts";

/** Stops protecting a client until it is resumed; its backup stays. */
export const handler = define.handlers({
  POST(ctx) {
    const { manager, feed } = running(ctx.state);
    const { id } = clientParam(manager, ctx.params.id);
    act("pause", [id], ctx);
    return actionAnswer(ctx.req, feed.client(id));
  },
});
