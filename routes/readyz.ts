import { define } from "../lib/web/state.ts";

/** 200 when the first scan is done and the daemon answers; else 503 with reasons. */
export const handler = define.handlers({
  GET({ state: { manager } }) {
    const reasons: string[] = [];
    if (manager === null) reasons.push("The manager is starting");
    else {
      const { state, error } = manager.daemon.peek();
      if (!manager.ready.peek()) {
        reasons.push("The first scan of the watched folders is not done");
      }
      if (state !== "running") {
        reasons.push(`Litestream is ${state}${error ? `: ${error}` : ""}`);
      }
    }
    return reasons.length === 0
      ? Response.json({ status: "ready" })
      : Response.json({ status: "not ready", reasons }, { status: 503 });
  },
});
