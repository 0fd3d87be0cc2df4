import { cpus, totalmem } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
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

/** The processors are quiet when less than this of their time is used. */
const QUIET_SHARE = 0.1;
/** For so many seconds in a row. */
const QUIET_SECONDS = 3;

/**
 * Waits until the processors have nothing to do: what was measured before, and
 * the S3 server's tidying after it, would count against whoever comes next.
 *
 * @returns false when they still had after `boundMs`
 */
export async function untilQuiet(
  boundMs: number,
  { busyShare = measureBusyShare }: {
    /** Looks for a while, and tells the share of the time that was used. */
    busyShare?: () => Promise<number>;
  } = {},
): Promise<boolean> {
  const end = performance.now() + boundMs;
  let quiet = 0;
  while (performance.now() < end) {
    quiet = await busyShare() < QUIET_SHARE ? quiet + 1 : 0;
    if (quiet === QUIET_SECONDS) return true;
  }
  return false;
}

async function measureBusyShare(): Promise<number> {
  const before = processorTimes();
  await delay(1_000);
  const after = processorTimes();
  const all = after.all - before.all;
  return all > 0 ? 1 - (after.idle - before.idle) / all : 0;
}

function processorTimes(): { all: number; idle: number } {
  let all = 0;
  let idle = 0;
  for (const { times } of cpus()) {
    for (const time of Object.values(times)) all += time;
    idle += times.idle;
  }
  return { all, idle };
}
