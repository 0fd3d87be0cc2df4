// deno-lint-ignore-file no-console
/**
 * Serves the dashboard on made-up clients, to look at it and to measure it:
 * `deno run -A tests/support/serve_fake.ts [clients] [port] [changes a second]
 * [--calm]`. A number on standard input changes how many change. Build first:
 * `deno task build`.
 * @module
 */
import { setManager } from "../../lib/app.ts";
import { builtFetch } from "./built_app.ts";
import { addTrouble, drive, FakeManager } from "./fake_manager.ts";

const [count = 300, port = 0, perSecond = 3] = Deno.args
  .filter((arg) => !arg.startsWith("-")).map(Number);
const manager = new FakeManager();
using _shown = setManager(manager);
const ids = manager.fill(count);
if (!Deno.args.includes("--calm")) {
  addTrouble(manager, ids.slice(-7), Date.now());
}
const stop = new AbortController();
Deno.addSignalListener("SIGTERM", () => stop.abort());
Deno.addSignalListener("SIGINT", () => stop.abort());
const listening = Deno.serve({
  port,
  hostname: "127.0.0.1",
  automaticCompression: true,
  signal: stop.signal,
  onListen: ({ port }) => console.log(`http://127.0.0.1:${port}`),
}, await builtFetch());
const rate = { perSecond };
void (async () => {
  for await (
    const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())
  ) rate.perSecond = Number(text);
})();
await drive(manager, ids.slice(0, -7), rate, stop.signal);
_shown[Symbol.dispose]();
await listening.finished;
Deno.exit(0);
