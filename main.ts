/**
 * Command line -> manager -> web application. `deno task start --help` tells
 * the options.
 * @module
 */
import { configureLogging } from "./lib/cli/logging.ts";
import { HELP_EXIT, parseConfig, UsageError } from "./lib/cli/options.ts";
import { run } from "./lib/cli/run.ts";
import { hostPins } from "./lib/protection/pin_host.ts";
import { PIN_HOST_ARGUMENT } from "./lib/protection/pin_protocol.ts";

// The build and other hosts of the application take it from here.
export { app } from "./lib/app.ts";

if (import.meta.main) Deno.exit(await main());

/** Runs until it is told to stop; returns the exit status. */
async function main(): Promise<number> {
  try {
    if (Deno.args[0] === PIN_HOST_ARGUMENT) {
      await hostPins();
      return 0;
    }
    const env = Deno.env.toObject();
    const config = await parseConfig(Deno.args, env, Deno.readTextFile);
    await configureLogging(config.logFormat);
    await run(config, env);
    return 0;
  } catch (error) {
    if (error === HELP_EXIT) return 0;
    const message = error instanceof Error ? error.message : String(error);
    await Deno.stderr.write(
      new TextEncoder().encode(`litestream-manager: ${message}\n`),
    );
    return error instanceof UsageError ? 2 : 1;
  }
}
