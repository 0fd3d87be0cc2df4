import type { FileFacts } from "./client.ts";
import type { ClientId } from "./client_id.ts";

/** What discovery tells: the difference between the disk and what it told before. */
export type DiscoveryEvent =
  | {
    readonly kind: "found";
    readonly path: string;
    readonly id: ClientId;
    readonly facts: FileFacts;
    /** See `fingerprintOf`. */
    readonly fingerprint: string;
    /** `DiscoveryOptions.isKnown` said so a moment ago. */
    readonly isKnown?: boolean;
  }
  /** The database or its WAL was written (or only touched). */
  | {
    readonly kind: "changed";
    readonly path: string;
    readonly id: ClientId;
    readonly facts: FileFacts;
    readonly fingerprint: string;
  }
  | { readonly kind: "lost"; readonly path: string; readonly id: ClientId };

/** A file in a watched folder that is not taken as a client, and why. */
export interface IgnoredFile {
  readonly path: string;
  readonly reason: string;
}
