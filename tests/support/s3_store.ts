import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { paginateListObjectsV2 } from "@aws-sdk/client-s3";

export const credentials = {
  accessKeyId: "test",
  secretAccessKey: "test-secret",
} as const;

export const region = "us-east-1";

/** Where a test's objects go, and a look at them that asks the store itself. */
export class S3Store {
  constructor(
    /** `http://127.0.0.1:PORT` */
    readonly endpoint: string,
    /** A bucket that exists. */
    readonly bucket: string,
  ) {}

  /** Environment with which a program may use the store. */
  readonly env: Record<string, string> = {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: region,
    // Nobody is to wait for a cloud's metadata service.
    AWS_EC2_METADATA_DISABLED: "true",
  };

  /** A prefix that no other test uses. */
  uniquePrefix(name: string): string {
    return `${name}-${crypto.randomUUID().slice(0, 8)}`;
  }

  async createBucket(bucket: string): Promise<void> {
    await this.with((s3) =>
      s3.send(new CreateBucketCommand({ Bucket: bucket }))
    );
  }

  /** All keys below a prefix, in order. */
  async keys(prefix = "", bucket = this.bucket): Promise<string[]> {
    return await this.with(async (client) => {
      const keys: string[] = [];
      const pages = paginateListObjectsV2({ client }, {
        Bucket: bucket,
        Prefix: prefix,
      });
      for await (const page of pages) {
        for (const { Key } of page.Contents ?? []) if (Key) keys.push(Key);
      }
      return keys;
    });
  }

  async deleteObject(key: string, bucket = this.bucket): Promise<void> {
    await this.with((s3) =>
      s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
    );
  }

  async getObject(key: string, bucket = this.bucket): Promise<Uint8Array> {
    return await this.with(async (s3) => {
      const command = new GetObjectCommand({ Bucket: bucket, Key: key });
      const { Body } = await s3.send(command);
      return await Body!.transformToByteArray();
    });
  }

  async putObject(
    key: string,
    body: string | Uint8Array,
    bucket = this.bucket,
  ): Promise<void> {
    await this.with((s3) =>
      s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
    );
  }

  /** Runs work with an SDK client that leaves no socket open. */
  async with<T>(work: (client: S3Client) => Promise<T>): Promise<T> {
    const client = new S3Client({
      endpoint: this.endpoint,
      region,
      credentials,
      forcePathStyle: true,
      maxAttempts: 1,
      requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000 },
    });
    try {
      return await work(client);
    } finally {
      client.destroy();
    }
  }
}
