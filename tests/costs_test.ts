/**
 * Rules: a manager as an operator runs it, the official Litestream, a real S3
 * server behind a proxy that counts. What the meter tells of a client must be
 * what went over the wire for it, and what stands in the bucket, to the byte.
 * @module
 */
import { paginateListObjectsV2 } from "@aws-sdk/client-s3";
import assert from "node:assert/strict";
import { priceOf } from "../lib/domain/prices.ts";
import { CountingProxy, type SeenRequest } from "./support/counting_proxy.ts";
import type { ManagerProcess } from "./support/run_manager.ts";
import { Scene } from "./support/scene.ts";
import { sharedS3 } from "./support/shared_s3.ts";

/** What these tests read of `GET /api/costs`. */
interface Costs {
  readonly thisMonth: Counts & { readonly countedMs: number };
  readonly sinceStart: Counts;
  readonly stored: { readonly bytes: number; readonly sureness: string };
  readonly clients: readonly (Counts & {
    readonly clientId: string;
    readonly stored: {
      readonly bytes: number | null;
      readonly sureness: string;
      readonly listedAt: string | null;
    };
  })[];
}

interface Counts {
  readonly requests: number;
  readonly writesAndLists: number;
  readonly reads: number;
  readonly free: number;
  readonly uploadedBytes: number;
  readonly uploadsOfUnknownSize: number;
}

const s3 = await sharedS3();

Deno.test("the meter counts what goes over the wire and stands in the bucket, over restarts", async (t) => {
  await using proxy = await CountingProxy.start(s3.endpoint);
  await using scene = await Scene.create("meter", s3, {
    endpoint: proxy.endpoint,
  });
  const apps = [1, 2, 3, 4].map(() => scene.app());
  const [first, second] = apps;
  let before: Costs;
  {
    await using manager = await scene.start();
    await manager.untilProtected(apps.length);
    second!.insert(20);
    await manager.until("Litestream merges what one client writes", () => {
      first!.insert(3);
      return proxy.seen.some(({ url }) => url.includes(`${first!.id}/0001/`));
    }, { everyMs: 1_000 });
    await untilAsleep(manager);

    await t.step("requests, per client and in all", async () => {
      const costs = await read(manager);
      assertCounts(costs, proxy.seen);
    });

    await t.step("bytes that were uploaded and stand there", async () => {
      const costs = await read(manager);
      for (const { clientId, uploadedBytes, stored } of costs.clients) {
        const bytes = await bytesHeld(scene, clientId);
        assert.deepEqual(stored, { bytes, sureness: "exact", listedAt: null });
        // Litestream deletes nothing in the first minutes.
        assert.equal(uploadedBytes, bytes);
      }
      assert.equal(costs.stored.sureness, "exact");
    });

    await t.step(
      "a snapshot of unknown size, until the bucket is asked",
      async () => {
        const base = `/api/client/${first!.id}`;
        const response = await fetch(`${manager.url}${base}/snapshot`, {
          method: "POST",
        });
        await response.body?.cancel();
        const bytes = await manager.until("the snapshot is noted", async () => {
          const { stored } = await clientOf(manager, first!.id);
          if (stored.sureness !== "at least") throw new Error(stored.sureness);
          return stored.bytes!;
        });
        await untilAsleep(manager);
        const held = await bytesHeld(scene, first!.id);
        assert(bytes < held, `${bytes} of ${held}`);
        await (await manager.get(`${base}/restore-options`)).body?.cancel();
        const { stored, uploadsOfUnknownSize } = await clientOf(
          manager,
          first!.id,
        );
        assert.deepEqual([stored.bytes, stored.sureness], [held, "exact"]);
        assert(stored.listedAt !== null);
        assert.equal(uploadsOfUnknownSize, 1);
        // Asking the bucket is metered as well.
        assertCounts(await read(manager), proxy.seen);
      },
    );

    await t.step("a look at the whole bucket is no client's", async () => {
      await (await manager.get("/bucket")).body?.cancel();
      assertCounts(await read(manager), proxy.seen);
    });
    before = await read(manager);
    await manager.stop();
  }

  await t.step("after a restart", async () => {
    const seen = proxy.seen.slice();
    await using manager = await scene.start();
    await manager.untilProtected(apps.length);
    const after = await read(manager);
    assert.deepEqual(after.clients, before.clients);
    assert.deepEqual(proxy.seen, seen);
    assert.equal(after.sinceStart.requests, 0);
    assert(after.thisMonth.countedMs >= before.thisMonth.countedMs);
    second!.insert(1);
    await manager.until("the write is metered", async () => {
      const { requests } = await clientOf(manager, second!.id);
      if (requests === clientIn(before, second!.id).requests) throw new Error();
      return true;
    });
    await untilAsleep(manager);
    assertCounts(await read(manager), proxy.seen);
    await manager.stop();
  });
});

async function read(manager: ManagerProcess): Promise<Costs> {
  const response = await manager.get("/api/costs?limit=500");
  assert.equal(response.status, 200, await response.clone().text());
  return await response.json();
}

async function clientOf(manager: ManagerProcess, id: string) {
  return clientIn(await read(manager), id);
}

function clientIn({ clients }: Costs, id: string) {
  const client = clients.find(({ clientId }) => clientId === id);
  assert(client !== undefined, `no costs of ${id}`);
  return client;
}

/** Asserts that every request on the wire was counted, at its price, for its client. */
function assertCounts(costs: Costs, seen: readonly SeenRequest[]): void {
  const counted = costs.clients.map(({ clientId, ...counts }) => [
    clientId,
    requestsIn(counts),
  ]);
  const onWire = Map.groupBy(seen, whose);
  const everybodys = onWire.get(null) ?? [];
  onWire.delete(null);
  const wanted = [...onWire].map(([id, requests]) => [id, tally(requests)]);
  assert.deepEqual(counted.sort(), wanted.sort());
  assert.deepEqual(requestsIn(costs.thisMonth), tally(seen));
  assert(everybodys.every(({ url }) => url.includes("delimiter=")));
}

function requestsIn({ writesAndLists, reads, free }: Counts) {
  return { writesAndLists, reads, free };
}

function tally(seen: readonly SeenRequest[]) {
  const counts = { writesAndLists: 0, reads: 0, free: 0 };
  for (const { method, url } of seen) {
    const lists = method === "GET" && url.includes("list-type=2");
    const price = priceOf(lists ? "LIST" : method);
    counts[
      price === "put" ? "writesAndLists" : price === "get" ? "reads" : "free"
    ]++;
  }
  return counts;
}

/** The client that a request is about; null for one that is about all. */
function whose({ url, method }: SeenRequest): string | null {
  const id = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(
    decodeURIComponent(url),
  )?.[0];
  assert(id !== undefined || url.includes("delimiter="), `${method} ${url}`);
  return id ?? null;
}

/** What a client has in the bucket, in bytes, as the store itself says. */
async function bytesHeld(scene: Scene, id: string): Promise<number> {
  return await s3.with(async (client) => {
    const input = { Bucket: s3.bucket, Prefix: `${scene.prefix}/${id}/` };
    let sum = 0;
    for await (const page of paginateListObjectsV2({ client }, input)) {
      for (const { Size = 0 } of page.Contents ?? []) sum += Size;
    }
    return sum;
  });
}

async function untilAsleep(manager: ManagerProcess) {
  await manager.until("all are asleep and protected", async () => {
    const { awake, counts, totalClients } = await manager.status();
    if (awake === 0 && counts["protected"] === totalClients) return true;
    throw new Error(JSON.stringify({ awake, counts }));
  });
}
