import { HttpError } from "fresh";
import type { Action } from "../domain/action.ts";
import { actionAnswer } from "./action_answer.ts";
import { act } from "./actions.ts";
import { clientParam } from "./client_param.ts";
import { define, running } from "./state.ts";

/**
 * The handler of a route that does one thing to the client of its address and answers
 * with the client as it is then. With `cannot`, words such as "take a snapshot of",
 * a client that is gone or paused is a 409.
 */
export function clientAction(action: Action, cannot: string | null = null) {
  return define.handlers({
    POST(ctx) {
      const { manager, feed } = running(ctx.state);
      const { id, status } = clientParam(manager, ctx.params.id);
      if (act(action, [id], ctx).length === 0 && cannot !== null) {
        const why = status === "gone"
          ? "its file is gone"
          : "it is paused, resume it first";
        throw new HttpError(409, `Cannot ${cannot} "${id}": ${why}`);
      }
      return actionAnswer(ctx.req, feed.client(id));
    },
  });
}
