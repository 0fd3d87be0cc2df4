import { define } from "../lib/web/state.ts";

/** Says that the process answers; see readyz for whether it protects. */
export const handler = define.handlers({
  GET: () => Response.json({ status: "ok" }),
});
