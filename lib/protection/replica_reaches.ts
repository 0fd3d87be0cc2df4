import type { ClientId } from "../domain/client_id.ts";
import type { Txid } from "../domain/txid.ts";
import type { RegistryPort } from "./ports.ts";

export interface ReplicaReachesOptions {
  readonly registry: RegistryPort;
  /** How long to wait, in ms. */
  readonly timeoutMs: number;
  /** Ends the wait early. */
  readonly signal?: AbortSignal;
}

/**
 * Waits until the log told that a client's replica has a transaction.
 *
 * @returns whether it has
 */
export function replicaReaches(
  id: ClientId,
  txid: Txid,
  { registry, timeoutMs, signal }: ReplicaReachesOptions,
): Promise<boolean> {
  const client = registry.signal(id);
  if (client === undefined) return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const end = () => resolve(false);
  const timer = setTimeout(end, timeoutMs);
  signal?.addEventListener("abort", end);
  if (signal?.aborted) end();
  const unsubscribe = client.subscribe(({ replicatedTxid }) => {
    if (replicatedTxid !== null && replicatedTxid >= txid) resolve(true);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
    unsubscribe();
  });
}
