import { S3Server } from "./s3_server.ts";
import { S3Store } from "./s3_store.ts";

/**
 * Test files run one after the other, each with modules of its own, in one
 * process: its environment is what they share.
 */
const VARIABLE = "LITESTREAM_MANAGER_TEST_S3";

/**
 * The one S3 server that all test files of a `deno test` run share; the first to
 * ask starts it, and it ends with the process. Take a bucket or a prefix of your own
 * ({@linkcode S3Store.uniquePrefix}), and a server of your own to pause or stop one.
 *
 * Call it at the top of a test file, not within a test: what a test starts it must
 * end.
 *
 * @example
 * ```ts ignore
 * const s3 = await sharedS3();
 *
 * Deno.test("…", async () => {
 *   const prefix = s3.uniquePrefix("restore");
 * });
 * ```
 */
export async function sharedS3(): Promise<S3Store> {
  const running = Deno.env.get(VARIABLE);
  if (running !== undefined) {
    const { endpoint, bucket } = JSON.parse(running);
    return new S3Store(endpoint, bucket);
  }
  const server = await S3Server.start();
  server.unref();
  const { endpoint, bucket } = server;
  Deno.env.set(VARIABLE, JSON.stringify({ endpoint, bucket }));
  return server;
}
