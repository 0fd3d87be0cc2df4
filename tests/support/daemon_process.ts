/**
 * A Litestream daemon as its manager has it, in a process of its own that can be
 * killed or stopped. Its argument is the state folder; it writes the daemon's
 * process id when that runs.
 * @module
 */
// deno-lint-ignore-file no-console
import { join } from "node:path";
import { childEnvironment } from "../../lib/litestream/child_environment.ts";
import { Daemon, type DaemonOptions } from "../../lib/litestream/daemon.ts";
import { litestreamBin } from "./replicated.ts";

/** What a daemon needs, with nobody who listens. */
export function daemonOptions(
  stateDir: string,
  more: Partial<DaemonOptions> = {},
): DaemonOptions {
  return {
    program: litestreamBin,
    env: childEnvironment(Deno.env.toObject()),
    stateDir,
    socket: join(stateDir, "litestream.sock"),
    retentionMs: 24 * 3600_000,
    onEvent: () => {},
    onDown: () => {},
    onUp: () => {},
    wantsVerify: () => true,
    ...more,
  };
}

if (import.meta.main) {
  const daemon = await Daemon.start(daemonOptions(Deno.args[0]!));
  daemon.state.subscribe(({ state, pid }) => {
    if (state === "running") console.log(pid);
  });
}
