import { generationsJson } from "../../../../lib/replica/seed_shapes.ts";
import { replicaAnswer } from "../../../../lib/web/replica_answer.ts";
import { define, running } from "../../../../lib/web/state.ts";

/** The unbroken histories in the replica, in the shape of the program before. */
export const handler = define.handlers({
  GET({ req, params, state }) {
    const { manager } = running(state);
    return replicaAnswer(
      manager,
      { req, id: params.id },
      ({ id }, contents) =>
        generationsJson(id, contents, manager.config.target),
    );
  },
});
