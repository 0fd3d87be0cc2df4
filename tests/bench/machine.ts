import { cpus, totalmem } from "node:os";
import type { Machine } from "./figures.ts";

/** What this machine is. */
export function thisMachine(): Machine {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? "unknown processor",
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / (1 << 30)),
    system: `${Deno.build.os} ${Deno.osRelease()}`,
  };
}
