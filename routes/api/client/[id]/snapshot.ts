import { HttpError } from "fresh";
import { actionAnswer } from "../../../../lib/web/action_answer.ts";
import { act } from "../../../../lib/web/actions.ts";
import { clientParam } from "../../../../lib/web/client_param.ts";
import { define, running } from "../../../../lib/web/state.ts";

/** Takes a snapshot of a client as soon as everything else of it is uploaded. */
export const handler = define.handlers({
  POST(ctx) {
    const { manager, feed } = running(ctx.state);
    const { id, status } = clientParam(manager, ctx.params.id);
    if (act("snapshot", [id], ctx).length === 0) {
      throw new HttpError(
        409,
        status === "gone"
          ? `Cannot take a snapshot of "${id}": its file is gone`
          : `Cannot take a snapshot of "${id}": it is paused, resume it first`,
      );
    }
    return actionAnswer(ctx.req, feed.client(id));
  },
});
