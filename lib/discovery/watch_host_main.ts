/** The watch host as a program of its own; see watch_host.ts. @module */
import { hostWatches } from "./watch_host.ts";

await hostWatches();
// Whatever still waits for the system waits for nothing.
Deno.exit();
