import { statusJson } from "../../lib/feed/status_json.ts";
import { define, running } from "../../lib/web/state.ts";

/** Everything about all clients, as the program before this one told it, and more. */
export const handler = define.handlers({
  GET({ state }) {
    const { manager } = running(state);
    const body = ReadableStream.from(statusJson(manager, Date.now))
      .pipeThrough(new TextEncoderStream());
    return new Response(body, {
      headers: {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
      },
    });
  },
});
