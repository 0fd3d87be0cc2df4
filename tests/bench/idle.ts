import type { Idle } from "./figures.ts";
import { usageOf } from "./processes.ts";
import type { Run } from "./run.ts";

/** What it takes while nobody writes. */
export async function measureIdle(run: Run, seconds: number): Promise<Idle> {
  const { program: { pid }, arena: { proxy } } = run;
  const before = usageOf(pid);
  proxy.reset();
  const startedAt = performance.now();
  await run.pause(seconds * 1_000);
  const after = usageOf(pid);
  const minutes = (performance.now() - startedAt) / 60_000;
  const perMinute = Object.entries(proxy.counts)
    .map(([kind, count]) => [kind, Math.round(count / minutes)]);
  return {
    seconds,
    processes: after.processes,
    cpuPercent: (after.cpuSeconds - before.cpuSeconds) / (minutes * 60) * 100,
    requestsPerMinute: Object.fromEntries(perMinute),
    openFiles: after.openFiles,
    inotifyWatches: after.inotifyWatches,
  };
}
