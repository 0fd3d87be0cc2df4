import type {
  ListObjectsV2CommandInput,
  ListObjectsV2CommandOutput,
} from "@aws-sdk/client-s3";
import type { StoredObject } from "./stored_object.ts";

type SendList = (
  input: ListObjectsV2CommandInput,
) => Promise<ListObjectsV2CommandOutput>;

/** Lists a bucket page by page, in the order of keys. */
export class S3Listing {
  readonly #bucket: string;
  readonly #send: SendList;
  #more = false;

  constructor(bucket: string, send: SendList) {
    this.#bucket = bucket;
    this.#send = send;
  }

  /** Whether the last listing was left before its end. */
  get more(): boolean {
    return this.#more;
  }

  /** Objects below a prefix, keys without it. */
  async *objects(prefix: string): AsyncGenerator<StoredObject> {
    this.#more = true;
    for await (const page of this.#pages({ Prefix: prefix })) {
      for (
        const { Key = "", Size, LastModified, ETag } of page.Contents ?? []
      ) {
        yield {
          key: Key.slice(prefix.length),
          sizeBytes: Size ?? 0,
          storedAt: LastModified?.getTime() ?? 0,
          tag: ETag ?? "",
        };
      }
    }
    this.#more = false;
  }

  /** Names of the folders right below a prefix. */
  async *folders(prefix: string): AsyncGenerator<string> {
    const input = { Prefix: prefix, Delimiter: "/" };
    for await (const page of this.#pages(input)) {
      for (const { Prefix = "" } of page.CommonPrefixes ?? []) {
        yield Prefix.slice(prefix.length, -1);
      }
    }
  }

  /** One request, to see whether it is answered. */
  async first(prefix: string): Promise<void> {
    await this.#send({ Bucket: this.#bucket, Prefix: prefix, MaxKeys: 1 });
  }

  async *#pages(
    input: Omit<ListObjectsV2CommandInput, "Bucket">,
  ): AsyncGenerator<ListObjectsV2CommandOutput> {
    let token: string | undefined;
    do {
      const page = await this.#send({
        ...input,
        Bucket: this.#bucket,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      });
      yield page;
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }
}
