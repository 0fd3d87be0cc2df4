import assert from "node:assert/strict";
import { MeteringProxy, type PassedRequest, total } from "./metering_proxy.ts";
import { S3Store } from "../support/s3_store.ts";
import { sharedS3 } from "../support/shared_s3.ts";

const s3 = await sharedS3();

Deno.test("Requests pass unchanged and are counted by kind", async () => {
  await using proxy = MeteringProxy.start(s3.endpoint);
  const seen: PassedRequest[] = [];
  using _ = proxy.onAnswer((request) => seen.push(request));
  const through = new S3Store(proxy.endpoint, s3.bucket);
  const prefix = s3.uniquePrefix("proxy");

  await through.putObject(`${prefix}/small`, "text");
  await through.putObject(`${prefix}/large`, new Uint8Array(3 << 20));
  assert.deepEqual(await through.keys(prefix), [
    `${prefix}/large`,
    `${prefix}/small`,
  ]);
  await through.deleteObject(`${prefix}/small`);

  assert.deepEqual(proxy.counts, { PUT: 2, LIST: 1, DELETE: 1 });
  assert.equal(total(proxy.counts), 4);
  assert.deepEqual(seen.map(({ status }) => status), [200, 200, 200, 204]);
  assert.match(seen[0]!.url, new RegExp(`^/${s3.bucket}/${prefix}/small`));
  proxy.reset();
  assert.equal(total(proxy.counts), 0);
  assert.deepEqual(await s3.keys(prefix), [`${prefix}/large`]);
});

Deno.test("A connection that is idle is closed, and the next request gets another", async () => {
  await using proxy = MeteringProxy.start(s3.endpoint, { idleMs: 200 });
  const { hostname, port } = new URL(proxy.endpoint);
  using idle = await Deno.connect({ hostname, port: Number(port) });
  assert.equal(await idle.read(new Uint8Array(1)), null);
  const through = new S3Store(proxy.endpoint, s3.bucket);
  const prefix = s3.uniquePrefix("idle");
  await through.putObject(`${prefix}/small`, "text");
  assert.deepEqual(proxy.counts, { PUT: 1 });
});

Deno.test("A server that is away is told by a broken connection", async () => {
  await using proxy = MeteringProxy.start("http://127.0.0.1:9");
  await assert.rejects(new S3Store(proxy.endpoint, "any").keys());
});
