/**
 * Discovery alone, as a process that may do what the program may:
 * `discovery_process.ts FOLDER watch|poll`. Writes a JSON line for each thing
 * that a bench wants to know.
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { Discovery } from "../../lib/discovery/discovery.ts";

/** A line of its output; times are those of the clock, in ms. */
export type DiscoveryLine =
  | { readonly found: number; readonly ms: number; readonly cpuMs: number }
  | { readonly changed: string; readonly at: number }
  | { readonly trouble: string };

if (import.meta.main) {
  const say = (line: DiscoveryLine) => console.log(JSON.stringify(line));
  const [folder, how] = Deno.args;
  let found = 0;
  const start = performance.now();
  await Discovery.start({
    watchDirs: [folder!],
    signal: new AbortController().signal,
    onEvents(events) {
      for (const { kind, path } of events) {
        if (kind === "found") found++;
        if (kind === "changed") say({ changed: path, at: Date.now() });
      }
    },
    onTrouble: (trouble) => say({ trouble: JSON.stringify(trouble) }),
    ...how === "poll"
      ? { openWatcher: () => ({ problem: "none", hint: "a bench" }) }
      : {},
  });
  const { user, system } = process.cpuUsage();
  const ms = performance.now() - start;
  say({ found, ms, cpuMs: (user + system) / 1_000 });
}
