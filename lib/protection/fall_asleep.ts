import type { ClientId } from "../domain/client_id.ts";
import { headerOf, isOneWal } from "../litestream/continuity.ts";
import { isUnreachable } from "../litestream/control_socket.ts";
import type { Txid } from "../domain/txid.ts";
import type { Ports } from "./ports.ts";
import { replicaReaches } from "./replica_reaches.ts";
import { distrust, lookBeforeSleep, settle } from "./settle.ts";

export interface FallAsleepOptions {
  /** The path that the daemon has it under; null when it is the client's. */
  readonly path: string | null;
  /** How long the last sync may take, in ms. */
  readonly timeoutMs: number;
}

/** How long the log may take to tell of an upload that is done, in ms. */
const LOG_MS = 1_000;

/**
 * Takes a client from the daemon, with a last sync, and proves it to be
 * protected if it is. Whatever comes out, it is asleep then.
 *
 * @returns what went wrong with the last sync, null when nothing did
 */
export async function fallAsleep(
  id: ClientId,
  ports: Ports,
  { path, timeoutMs }: FallAsleepOptions,
): Promise<string | null> {
  const { registry, daemon, files } = ports;
  const client = registry.get(id);
  if (client === undefined) return null;
  let problem: string | null = null;
  let txid: Txid | null = null;
  // Of one that cannot be looked at nothing is proved.
  const farewell = await lookBeforeSleep(client, ports)
    .catch(() => ({ tip: null, digest: null }));
  try {
    txid = await daemon.unregister(path ?? client.path, timeoutMs);
  } catch (error) {
    // A daemon that is down has nothing registered: the files tell the rest.
    if (!isUnreachable(error)) problem = (error as Error).message;
  }
  registry.observe(id, { activity: "drowsing" });
  let done = false;
  try {
    if (problem === null && client.presence === "present") {
      // The answer came over the socket, the uploads come over the log.
      if (txid !== null) {
        await replicaReaches(id, txid, { registry, timeoutMs: LOG_MS });
      }
      done = await settle(id, ports, { synced: true, farewell })
        .catch((error: Error) => {
          problem = error.message;
          return false;
        });
    }
    // Settled, it was looked for. Whatever became of the last sync, the WAL may have
    // been restarted within it.
    if (!done && registry.get(id)?.proved) {
      const tip = await files.look(client.path).then(headerOf, () => null);
      if (!isOneWal(farewell.tip, tip)) await distrust(id, ports);
    }
    if (!done && files.facts(client.path) === null) {
      // A database that was deleted has nothing left to sync.
      registry.observe(id, { dirtySince: null });
      done = true;
    }
  } catch (error) {
    problem ??= (error as Error).message;
  } finally {
    // What is proved or gone was told; a change since then stays told.
    const { dirtySince } = registry.get(id) ?? client;
    registry.observe(id, {
      activity: "asleep",
      ...done ? {} : { dirtySince: dirtySince ?? ports.now() },
    });
  }
  return problem;
}
