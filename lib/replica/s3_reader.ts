import type { S3Client } from "@aws-sdk/client-s3";
import { type ClientId, parseClientId } from "../domain/client_id.ts";
import { LTX_HEADER_SIZE } from "../domain/ltx_header.ts";
import { replicaKey, type ReplicaTarget } from "../domain/replica_target.ts";
import type { ReplicaContents } from "../view.ts";
import { contentsOf } from "./contents.ts";
import { HeaderTimes } from "./header_times.ts";
import type { ReadOptions, ReplicaReader } from "./replica_reader.ts";
import { explainS3Error, NotS3Error } from "./s3_error.ts";
import { S3Listing } from "./s3_listing.ts";
import type { StoredObject } from "./stored_object.ts";

/** Most objects of one client to list, 1,000 a request. */
const MAX_OBJECTS = 100_000;
/** Each is a request. */
const MAX_HEADER_READS = 200;
const CONNECT_MS = 3_000;
const MAX_ATTEMPTS = 3;
/** The longest that one call to a reader may take, with all its requests. */
const CALL_MS = 60_000;

type S3Target = Extract<ReplicaTarget, { kind: "s3" }>;
type Env = Readonly<Record<string, string | undefined>>;

/** The SDK costs 25 MB, so it is loaded when the bucket is first asked. */
const loadSdk = () => import("@aws-sdk/client-s3");
type Sdk = Awaited<ReturnType<typeof loadSdk>>;

/** A step of the SDK's way from a call to its request. */
type Handler = (args: { input: never; request: unknown }) => Promise<never>;

/** What we read of the SDK's `HttpRequest`. */
interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
}

/** Reads replicas in a bucket. */
export class S3Reader implements ReplicaReader {
  readonly #target: S3Target;
  readonly #env: Env;
  readonly #requestMs: number;
  readonly #onRequest: (method: string, id: ClientId | null) => void;
  readonly #times = new HeaderTimes({
    readHead: (key, signal) => this.#readHead(key, signal),
    maxReads: MAX_HEADER_READS,
  });
  #opened: Promise<{ sdk: Sdk; client: S3Client }> | null = null;

  constructor(
    target: S3Target,
    { env, requestMs, onRequest }: {
      readonly env: Env;
      readonly requestMs: number;
      onRequest(method: string, id: ClientId | null): void;
    },
  ) {
    this.#target = target;
    this.#onRequest = onRequest;
    this.#env = env;
    this.#requestMs = requestMs;
  }

  read(id: ClientId, { signal }: ReadOptions): Promise<ReplicaContents> {
    const folder = replicaKey(this.#target, id);
    return this.#call(
      `Cannot read replica of client "${id}"`,
      { signal },
      async (signal) => {
        const objects: StoredObject[] = [];
        const listing = await this.#listing(signal);
        for await (const object of listing.objects(`${folder}/`)) {
          if (objects.length === MAX_OBJECTS) break;
          objects.push(object);
        }
        return await contentsOf({ objects, truncated: listing.more }, {
          folder,
          layout: "s3",
          times: this.#times,
          signal,
        });
      },
    );
  }

  clientIds(
    { signal, limit }: ReadOptions & { readonly limit: number },
  ): Promise<{ ids: ClientId[]; truncated: boolean }> {
    const { prefix } = this.#target;
    return this.#call("Cannot list replicas", { signal }, async (signal) => {
      const ids: ClientId[] = [];
      const listing = await this.#listing(signal);
      const folders = listing.folders(prefix === "" ? "" : `${prefix}/`);
      for await (const name of folders) {
        const id = parseClientId(name);
        if (id !== name) continue;
        if (ids.length === limit) return { ids, truncated: true };
        ids.push(id);
      }
      return { ids, truncated: false };
    });
  }

  check({ signal }: ReadOptions): Promise<void> {
    const action = `Cannot read bucket "${this.#target.bucket}"`;
    return this.#call(action, { signal }, async (signal) => {
      const listing = await this.#listing(signal);
      await listing.first(this.#target.prefix);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    (await opened)?.client.destroy();
  }

  async #listing(signal: AbortSignal): Promise<S3Listing> {
    const { sdk, client } = await this.#open();
    return new S3Listing(this.#target.bucket, async (input) => {
      const page = await client.send(
        new sdk.ListObjectsV2Command(input),
        { abortSignal: signal },
      );
      // Whatever answers with a page of HTML would look like an empty bucket.
      if (page.Name === undefined) throw new NotS3Error();
      return page;
    });
  }

  async #readHead(
    key: string,
    signal: AbortSignal,
  ): Promise<Uint8Array | null> {
    const { sdk, client } = await this.#open();
    try {
      const { Body } = await client.send(
        new sdk.GetObjectCommand({
          Bucket: this.#target.bucket,
          Key: key,
          Range: `bytes=0-${LTX_HEADER_SIZE - 1}`,
        }),
        { abortSignal: signal },
      );
      return await beginningOf(Body as AsyncIterable<Uint8Array>);
    } catch (error) {
      if (error instanceof sdk.NoSuchKey) return null;
      throw error;
    }
  }

  #open(): Promise<{ sdk: Sdk; client: S3Client }> {
    this.#opened ??= this.#connect();
    return this.#opened;
  }

  async #connect(): Promise<{ sdk: Sdk; client: S3Client }> {
    const sdk = await loadSdk();
    const { endpoint, region } = this.#target;
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } =
      this.#env;
    const client = new sdk.S3Client({
      // As Litestream does: a store of one's own needs no region, and Amazon
      // tells where the bucket is.
      region: region ??
        (endpoint === null ? this.#env["AWS_REGION"] : undefined) ??
        "us-east-1",
      followRegionRedirects: endpoint === null,
      ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
      // Otherwise the SDK looks for a profile and for the machine's own role.
      ...(AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY
        ? {
          credentials: {
            accessKeyId: AWS_ACCESS_KEY_ID,
            secretAccessKey: AWS_SECRET_ACCESS_KEY,
            ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
          },
        }
        : {}),
      maxAttempts: MAX_ATTEMPTS,
      requestHandler: {
        connectionTimeout: CONNECT_MS,
        requestTimeout: this.#requestMs,
        throwOnRequestTimeout: true,
      },
    });
    const count = (next: Handler): Handler => (args) => {
      const { method, path, query } = args.request as SentRequest;
      const lists = "list-type" in query;
      // Folders are listed of all clients, whatever the prefix looks like.
      const id = "delimiter" in query
        ? null
        : idIn(String(query["prefix"] ?? path));
      this.#onRequest(lists ? "LIST" : method, id);
      return next(args);
    };
    // Behind it, for what is tried again counts again.
    client.middlewareStack.addRelativeTo(count as never, {
      name: "countRequests",
      relation: "after",
      toMiddleware: "retryMiddleware",
    });
    return { sdk, client };
  }

  async #call<T>(
    action: string,
    { signal }: ReadOptions,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const timeout = AbortSignal.timeout(CALL_MS);
    try {
      return await work(AbortSignal.any([signal, timeout]));
    } catch (error) {
      signal.throwIfAborted();
      throw explainS3Error(action, error, this.#target);
    }
  }
}

/** The client whose folder a key is in: no UUID follows its id. */
function idIn(key: string): ClientId | null {
  const parts = key.split("/").reverse();
  for (const part of parts) {
    const id = parseClientId(part);
    if (id !== null) return id;
  }
  return null;
}

/** The first bytes of a body; a store that knows no ranges sends the whole file. */
async function beginningOf(
  body: AsyncIterable<Uint8Array>,
): Promise<Uint8Array> {
  const head = new Uint8Array(LTX_HEADER_SIZE);
  let length = 0;
  for await (const chunk of body) {
    const part = chunk.subarray(0, head.length - length);
    head.set(part, length);
    length += part.length;
    if (length === head.length) break;
  }
  return head.subarray(0, length);
}
