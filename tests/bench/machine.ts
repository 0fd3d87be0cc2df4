import { readFileSync } from "node:fs";
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

/**
 * From the kernel and not by `cpus()`: that leaves out the time in which
 * processors wait for a disk, which another writes to.
 *
 * @see proc_stat(5)
 */
function processorTimes(): { all: number; idle: number } {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n", 1);
  const times = line.split(/ +/).slice(1, 9).map(Number);
  const all = times.reduce((sum, time) => sum + time, 0);
  return { all, idle: times[3]! };
}
