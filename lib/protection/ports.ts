import type { ReadonlySignal } from "@preact/signals-core";
import type { FileFacts } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import type { Txid } from "../domain/txid.ts";
import type { Finding } from "../litestream/continuity.ts";
import type { Observation } from "../registry/registry.ts";
import type { Client } from "../domain/client.ts";
import type { StoredClient } from "../store/store.ts";
import type { HeldPin } from "./pin_keeper.ts";

/** The daemon, as protection uses it. */
export interface DaemonPort {
  readonly isUp: boolean;
  /** Whether it has a database, as far as we know. */
  has(path: string): boolean;
  register(path: string, replicaUrl: string): Promise<void>;
  /** Resolves with its last local transaction, null where that is not told. */
  unregister(path: string, timeoutMs: number): Promise<Txid | null>;
  /** Its memory, as far as it was told; null where it is not. */
  readonly rssBytes: number | null;
  /** Ends it; a fresh one takes its place. */
  replace(): void;
}

export interface RegistryPort {
  get(id: ClientId): Client | undefined;
  signal(id: ClientId): ReadonlySignal<Client> | undefined;
  observe(id: ClientId, observation: Observation): void;
}

export interface StorePort {
  get(id: ClientId): StoredClient | undefined;
  rows(): Iterable<StoredClient>;
  save(row: Partial<StoredClient> & Pick<StoredClient, "id" | "path">): void;
  markUnproved(client: Pick<StoredClient, "id" | "path">): Promise<void>;
}

/** What the guard reads of a database's files. */
export interface FilesPort {
  /** Null when the file is gone. */
  facts(path: string): FileFacts | null;
  /** See `look` in continuity.ts. */
  look(path: string, known?: Txid | null): Promise<Finding>;
  digest(path: string): Promise<string | null>;
  resetLocalLtx(path: string): Promise<void>;
  /** Gets ready to pin, while something else is waited for. */
  warmPins(): void;
  pin(path: string): Promise<HeldPin | null>;
  pinTruncated(path: string): Promise<HeldPin | null>;
}

/** Everything outside that protection needs; the manager brings it. */
export interface Ports {
  readonly registry: RegistryPort;
  readonly daemon: DaemonPort;
  readonly store: StorePort;
  readonly files: FilesPort;
  /**
   * See `replicateOnce` in lib/litestream. What its log says is told to the
   * scheduler like the daemon's.
   */
  replicateOnce(
    path: string,
    replicaUrl: string,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
  /** The URL of a client's replica, with all that Litestream needs. */
  replicaUrl(id: ClientId): string;
  now(): number;
}
