import type { ClientId } from "../domain/client_id.ts";
import { isProved } from "../domain/status.ts";
import type { Ports } from "./ports.ts";

/** Times in LTX files are taken after the WAL was read; never claim less than that. */
const READING_MS = 1_000;

/**
 * Looks at a client that is awake, and tells the registry how far its replica
 * is: everything, or since when changes wait.
 */
export async function lookAwake(id: ClientId, ports: Ports): Promise<void> {
  const { registry, files, now } = ports;
  const before = registry.get(id);
  if (before?.activity !== "awake") return;

  const finding = await files.look(
    before.path,
    before.txid ?? before.replicatedTxid,
  );
  const client = registry.get(id);
  if (client?.activity !== "awake" || client.path !== before.path) return;
  if (finding.kind === "new") return;
  const txid = finding.tip?.maxTxid ?? null;
  const uploaded = txid !== null && client.replicatedTxid !== null &&
    client.replicatedTxid >= txid;

  if (finding.kind === "clean" && uploaded) {
    // It was written meanwhile: the next look tells.
    if (client.changeSeq !== before.changeSeq) {
      return registry.observe(id, { txid });
    }
    const already = isProved(client) && client.txid === txid &&
      client.error === null;
    if (!already) {
      registry.observe(id, {
        txid,
        dirtySince: null,
        lastSyncedAt: now(),
        error: null,
      });
    }
    return;
  }
  // All that was committed before the last LTX file was made is in the replica.
  const since = uploaded && finding.tip !== null
    ? finding.tip.timestampMs - READING_MS
    : -Infinity;
  registry.observe(id, {
    txid,
    dirtySince: Math.max(client.dirtySince ?? now(), since),
  });
}
