/**
 * Rules: the S3 server itself is stopped, frozen or overloaded, under load, and
 * all the while every claim of `protected` is compared with what the bucket
 * really holds. When it is back, everything recovers by itself, and restores
 * equal the databases.
 * @module
 */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { ClaimWatch } from "./support/claim_watch.ts";
import { CountingProxy } from "./support/counting_proxy.ts";
import { S3Server } from "./support/s3_server.ts";
import { Scene } from "./support/scene.ts";
import { sharedS3 } from "./support/shared_s3.ts";

const shared = await sharedS3();

interface Outage {
  readonly name: string;
  begin(): void | Promise<void>;
  end(): void | Promise<void>;
}

Deno.test("the S3 server stops, then freezes, under load, and comes back", async (t) => {
  await using server = await S3Server.start();
  await using scene = await Scene.create("outage", server);
  await tryOutages(t, scene, [
    {
      name: "refused",
      begin: () => server.stop(),
      end: () => server.restart(),
    },
    {
      name: "frozen",
      begin: () => server.pause(),
      end: () => server.resume(),
    },
  ]);
});

Deno.test("the S3 store answers 503 for a while", async (t) => {
  await using proxy = await CountingProxy.start(shared.endpoint);
  await using scene = await Scene.create("outage", shared, {
    endpoint: proxy.endpoint,
  });
  await tryOutages(t, scene, [{
    name: "error",
    begin: () => void (proxy.behaviour = "error"),
    end: () => void (proxy.behaviour = "pass"),
  }]);
});

async function tryOutages(
  t: Deno.TestContext,
  scene: Scene,
  outages: readonly Outage[],
) {
  // Busy are written all the time, quiet ones sleep and are written in the outage,
  // and the others are not written at all.
  const busy = Array.from({ length: 4 }, () => scene.app());
  const quiet = Array.from({ length: 4 }, () => scene.app());
  const untouched = Array.from({ length: 4 }, () => scene.app());
  const all = [...busy, ...quiet, ...untouched];
  await using manager = await scene.start({ args: ["--rpo", "3s"] });
  await manager.untilProtected(all.length);
  await manager.until(
    "all are asleep",
    async () => (await manager.status()).awake === 0,
  );

  for (const { name, begin, end } of outages) {
    await t.step(name, async () => {
      await using watch = new ClaimWatch(scene, manager);
      const load = async (ms: number) => {
        const until = performance.now() + ms;
        while (performance.now() < until) {
          watch.write(busy);
          await delay(300);
        }
      };
      await load(2_000);
      await begin();
      watch.outageBegins();
      await load(1_000);
      watch.write(quiet, 3);
      await load(6_000);
      const { clients, counts } = await manager.status();
      const told = new Map(clients.map((one) => [one.clientId, one]));
      for (const { id } of [...busy, ...quiet]) {
        const client = told.get(id as typeof clients[0]["clientId"])!;
        assert.match(client.status, /^(lagging|failing)$/, id);
      }
      assert.equal(counts["protected"], untouched.length);
      watch.outageEnds();
      await end();
      await load(2_000);
      await manager.untilProtected(all.length, { timeoutMs: 60_000 });
      await scene.assertRestores(all);
      assert.deepEqual(watch.falseClaims, []);
      assert.ok(watch.compared > 0);
      const { clients: after } = await manager.status();
      for (const { error } of after) assert.equal(error, null);
    });
  }
  await manager.stop();
}
