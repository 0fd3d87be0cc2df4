import type { Figures } from "./figures.ts";
import { ProcessWatch } from "./process_watch.ts";
import { Replication } from "./replication.ts";
import type { Run } from "./run.ts";

/**
 * From the start until every database stands in the bucket, and until the
 * program says so where it can. Returns false when it was not within the bound.
 */
export async function firstBackup(
  run: Run,
  figures: Figures,
  { boundMs }: { boundMs: number },
): Promise<boolean> {
  const { program, arena: { proxy, databases: { ids } } } = run;
  using replication = new Replication(proxy);
  proxy.reset();
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1_000;
  const watch = new ProcessWatch(program.pid);
  const take = () => {
    figures.peakRssBytes = watch.peakRssBytes;
    figures.firstBackupRequests = proxy.counts;
    figures.firstBackupCpu = watch.cpuSeconds();
    figures.firstBackupCpuSeconds = Object.values(figures.firstBackupCpu)
      .reduce((sum, n) => sum + n, 0);
  };
  const uploaded = await run.poll(boundMs, () => {
    watch.look();
    return replication.uploaded.size === ids.length;
  }, 100);
  if (!uploaded) {
    take();
    figures.failure = `Within ${Math.round(seconds())} s ` +
      `${replication.uploaded.size} of ${ids.length} databases were uploaded`;
    return false;
  }
  figures.firstUpload = seconds();
  if (await run.during(program.allProtected()) !== null) {
    const toldMs = Math.max(60_000, ids.length * 5);
    const told = await run.poll(toldMs, async () => {
      watch.look();
      return await program.allProtected() === true;
    });
    if (told) figures.firstBackup = seconds();
  }
  take();
  return true;
}
