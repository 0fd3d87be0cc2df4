import type { Restart } from "./figures.ts";
import { Replication } from "./replication.ts";
import type { Run } from "./run.ts";

/**
 * Until all are known as protected. Litestream alone does not tell: there it
 * counts until the bucket was asked about every database.
 */
export async function measureRestart(
  run: Run,
  { changed, boundMs }: { changed: readonly string[]; boundMs: number },
): Promise<Restart> {
  const { program, arena: { proxy, databases: { ids } } } = run;
  using replication = new Replication(proxy);
  proxy.reset();
  const startedAt = performance.now();
  const done = await run.poll(boundMs, async () => {
    if (changed.some((id) => !replication.uploaded.has(id))) return false;
    return await program.allProtected() ??
      replication.named.size === ids.length;
  });
  const seconds = done ? (performance.now() - startedAt) / 1_000 : null;
  return { seconds, requests: proxy.counts };
}
