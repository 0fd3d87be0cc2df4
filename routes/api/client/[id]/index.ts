import { clientJson } from "../../../../lib/feed/status_json.ts";
import { clientParam } from "../../../../lib/web/client_param.ts";
import { define, running } from "../../../../lib/web/state.ts";

/** One client and what happened to it lately. */
export const handler = define.handlers({
  GET({ params, state }) {
    const { manager } = running(state);
    const client = clientParam(manager, params.id);
    return Response.json({
      ...clientJson(client, manager.config.target, Date.now()),
      history: manager.history(client.id).map((entry) => ({
        ...entry,
        at: new Date(entry.at).toISOString(),
      })),
    }, { headers: { "Cache-Control": "no-store" } });
  },
});
