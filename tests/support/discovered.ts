import { type FileFacts, fingerprintOf } from "../../lib/domain/client.ts";
import type { ClientId } from "../../lib/domain/client_id.ts";
import type { DiscoveryEvent } from "../../lib/domain/discovery_event.ts";

interface Seen {
  readonly id: ClientId;
  readonly path: string;
  readonly facts: FileFacts;
}

/** Discovery found a database. */
export function found(seen: Seen): DiscoveryEvent {
  return { kind: "found", ...seen, fingerprint: fingerprintOf(seen.facts) };
}

/** Discovery saw that a database or its WAL was written. */
export function changed(seen: Seen): DiscoveryEvent {
  return { kind: "changed", ...seen, fingerprint: fingerprintOf(seen.facts) };
}
