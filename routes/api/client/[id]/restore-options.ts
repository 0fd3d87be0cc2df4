import { restoreOptionsJson } from "../../../../lib/replica/seed_shapes.ts";
import { replicaAnswer } from "../../../../lib/web/replica_answer.ts";
import { define, running } from "../../../../lib/web/state.ts";

/** Every state that the client can be restored to, each with its command. */
export const handler = define.handlers({
  GET({ req, params, state }) {
    const { manager } = running(state);
    return replicaAnswer(
      manager,
      { req, id: params.id },
      ({ id }, contents) =>
        restoreOptionsJson(id, contents, manager.config.target),
    );
  },
});
