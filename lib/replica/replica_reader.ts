import type { ClientId } from "../domain/client_id.ts";
import type { ReplicaTarget } from "../domain/replica_target.ts";
import type { ReplicaContents } from "../view.ts";
import { FileReader } from "./file_reader.ts";
import { S3Reader } from "./s3_reader.ts";

export interface ReadOptions {
  readonly signal: AbortSignal;
}

/** Looks at what stands in the place of all replicas; writes nothing. */
export interface ReplicaReader extends AsyncDisposable {
  /**
   * What one client has there; empty when it has nothing.
   *
   * @throws {ReplicaError} when the place cannot be read
   */
  read(id: ClientId, options: ReadOptions): Promise<ReplicaContents>;
  /**
   * Clients that have a folder there, in order; `truncated` when there are more
   * than `limit`.
   *
   * @throws {ReplicaError} when the place cannot be read
   */
  clientIds(
    options: ReadOptions & { readonly limit: number },
  ): Promise<{ readonly ids: ClientId[]; readonly truncated: boolean }>;
  /**
   * Asks once whether the place can be read.
   *
   * @throws {ReplicaError} when it cannot
   */
  check(options: ReadOptions): Promise<void>;
}

export interface OpenOptions {
  /**
   * Where the usual AWS variables are looked up; a profile is always read from
   * the real environment.
   * @default {Deno.env}
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * How long a store may take to answer a request, in ms; it is asked up to three
   * times.
   * @default {8_000}
   */
  readonly requestMs?: number;
  /**
   * Hears of every request that is sent; `LIST` stands for a GET that lists, null
   * for no one client's.
   */
  readonly onRequest?: (method: string, id: ClientId | null) => void;
}

/**
 * The reader for a target. Opens no connection yet.
 *
 * @throws {ReplicaError} for a folder whose name Litestream cannot be told
 */
export function openReplicaReader(
  target: ReplicaTarget,
  { env = Deno.env.toObject(), requestMs = 8_000, onRequest = () => {} }:
    OpenOptions = {},
): ReplicaReader {
  return target.kind === "s3"
    ? new S3Reader(target, { env, requestMs, onRequest })
    : new FileReader(target);
}
