import { costJson } from "../../lib/costs/cost_json.ts";
import { ParamError } from "../../lib/feed/query_params.ts";
import { costsOf } from "../../lib/web/costs.ts";
import { define, running } from "../../lib/web/state.ts";

const LIMIT = 50;
const MAX_LIMIT = 500;

/** What it costs: this month, its forecast, and the dearest clients. */
export const handler = define.handlers({
  GET({ url, state }) {
    const limit = url.searchParams.get("limit") ?? String(LIMIT);
    if (!/^[1-9]\d{0,3}$/.test(limit) || Number(limit) > MAX_LIMIT) {
      throw new ParamError(
        `Unusable limit "${limit}": use a number from 1 to ${MAX_LIMIT}`,
      );
    }
    const report = costsOf(running(state), { limit: Number(limit) });
    return Response.json(costJson(report), {
      headers: { "Cache-Control": "no-store" },
    });
  },
});
