// deno-lint-ignore-file no-console
/**
 * Serves the dashboard on made-up clients, to look at it and to measure it:
 * `deno run -A tests/support/serve_fake.ts [clients] [port] [changes a second]`.
 * Build first: `deno task build`.
 * @module
 */
import { setManager } from "../../lib/app.ts";
import { addTrouble, drive, FakeManager } from "./fake_manager.ts";

const [count = 300, port = 0, perSecond = 3] = Deno.args.map(Number);
const { default: server } = await import("../../_fresh/server.js" as string);
const manager = new FakeManager();
const ids = manager.fill(count);
if (!Deno.args.includes("--calm")) {
  addTrouble(manager, ids.slice(-7), Date.now());
}
using _shown = setManager(manager);
const stop = new AbortController();
Deno.addSignalListener("SIGTERM", () => stop.abort());
Deno.addSignalListener("SIGINT", () => stop.abort());
const listening = Deno.serve({
  port,
  hostname: "127.0.0.1",
  automaticCompression: true,
  signal: stop.signal,
  onListen: ({ port }) => console.log(`http://127.0.0.1:${port}/`),
}, server.fetch);
await drive(manager, ids, { perSecond, signal: stop.signal });
await listening.finished;
