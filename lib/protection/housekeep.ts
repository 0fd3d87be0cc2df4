import { type Client, identityOf } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import { isProved } from "../domain/status.ts";
import { tipOf } from "../litestream/continuity.ts";
import type { StoredClient } from "../store/store.ts";
import { BusyError } from "./pin.ts";
import type { Ports } from "./ports.ts";
import { type Farewell, settle } from "./settle.ts";
import type { VerdictDesk } from "./verdict.ts";

const DAY_MS = 24 * 3600_000;
/** A snapshot of a large database may take long; a hanging bucket must not. */
const LONGEST_MS = 30 * 60_000;

/**
 * Whether a sleeping client is due for its daily snapshot: it changed since the
 * last one. A client that is only ever awake for a moment never meets the
 * daemon's own daily tick, so nothing else would prune its history.
 */
export function isHousekeepingDue(
  client: Client,
  row: StoredClient,
  now: number,
): boolean {
  return client.activity === "asleep" && client.presence === "present" &&
    !client.paused && isProved(client) && row.txid !== row.snapshotTxid &&
    row.housekeptAt !== null && now - row.housekeptAt >= DAY_MS;
}

export interface HousekeepOptions {
  readonly desk: VerdictDesk;
  readonly signal: AbortSignal;
}

/**
 * Writes a snapshot of a sleeping client and enforces its retention, guarded
 * like a registration: pinned, marked as unproved until its verdict.
 *
 * @returns whether it was done; when not, the client is woken like any other
 */
export async function housekeep(
  id: ClientId,
  ports: Ports,
  { desk, signal }: HousekeepOptions,
): Promise<boolean> {
  const { registry, store, files, now } = ports;
  if (!await settle(id, ports)) return false;
  const { path } = registry.get(id)!;
  const before = files.facts(path);
  if (before === null) return false;
  await store.markUnproved({ id, path });

  let intact = true;
  let farewell: Farewell | undefined;
  try {
    await using _pin = await files.pin(path);
    const finding = await files.look(path);
    intact = false;
    // A WAL that is gone needs a full sync first: waking does that, once nothing is
    // proved any more.
    if (finding.kind !== "clean" && finding.kind !== "ahead") return false;
    farewell = { tip: finding.tip, digest: null };
    const verdict = desk.expect(id, { timeoutMs: LONGEST_MS });
    try {
      await ports.replicateOnce(path, ports.replicaUrl(id), {
        signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]),
      });
    } catch (error) {
      // It ended and wrote nothing: what was proved before still is.
      intact = tipOf(await files.look(path)) === finding.tip.maxTxid;
      throw error;
    } finally {
      desk.cancel(id);
    }
    const { kind } = await verdict;
    intact = kind === "snapshot" || kind === "continued";
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
  } finally {
    // Nothing is waited for between this look and the telling.
    const now = files.facts(path);
    const isSame = now !== null && identityOf(now) === identityOf(before) &&
      registry.get(id)?.path === path;
    const proved = intact && isSame;
    registry.observe(id, { proved });
    if (proved) store.save({ id, path, proved });
  }
  const isSettled = intact && await settle(id, ports, { farewell });
  // Where the application stood in the way, nothing was begun.
  if (!isSettled || farewell === undefined) return false;
  const { txid } = registry.get(id)!;
  store.save({ id, path, snapshotTxid: txid, housekeptAt: now() });
  return true;
}
