import { actionAnswer } from "../../../../lib/web/action_answer.ts";
import { act } from "../../../../lib/web/actions.ts";
import { clientParam } from "../../../../lib/web/client_param.ts";
import { define, running } from "../../../../lib/web/state.ts";

/** Protects a paused client again. */
export const handler = define.handlers({
  POST(ctx) {
    const { manager, feed } = running(ctx.state);
    const { id } = clientParam(manager, ctx.params.id);
    act("resume", [id], ctx);
    return actionAnswer(ctx.req, feed.client(id));
  },
});
