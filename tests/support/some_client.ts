import type { Client } from "../../lib/domain/client.ts";
import { type ClientId, parseClientId } from "../../lib/domain/client_id.ts";
import { txidOf } from "../../lib/domain/txid.ts";

/** The id of a client with a number. */
export function someId(number = 1): ClientId {
  const digits = number.toString(16).padStart(12, "0");
  return parseClientId(`00000000-0000-4000-8000-${digits}`)!;
}

/** A client that is asleep and protected, but for what is said. */
export function someClient(
  { number = 1, ...said }: Partial<Client> & { readonly number?: number } = {},
): Client {
  const id = someId(number);
  return {
    id,
    path: `/data/${id}.db`,
    presence: "present",
    duplicates: [],
    paused: false,
    activity: "asleep",
    createdAt: 0,
    sizeBytes: 4096,
    lastChangedAt: 0,
    lastSyncedAt: 0,
    dirtySince: null,
    changeSeq: 1,
    proved: true,
    txid: txidOf(1),
    replicatedTxid: txidOf(1),
    fingerprint: "1:4096:0:0:0",
    error: null,
    blocked: null,
    drill: null,
    status: "protected",
    ...said,
  };
}
