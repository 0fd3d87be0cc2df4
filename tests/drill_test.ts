/**
 * Rules: what is called protected restores, and where somebody changed the bucket so
 * that it does not, a trial restore says so, has everything uploaded anew, and says
 * when that is whole. A store that does not answer is no verdict.
 * @module
 */
import assert from "node:assert/strict";
import type { DrillJson } from "../lib/feed/status_json.ts";
import { CountingProxy } from "./support/counting_proxy.ts";
import { damageIndex } from "./support/damage.ts";
import type { ApiClient, ManagerProcess } from "./support/run_manager.ts";
import { type App, Scene } from "./support/scene.ts";
import { sharedS3 } from "./support/shared_s3.ts";
import { until } from "./support/until.ts";

const s3 = await sharedS3();

Deno.test("a backup that restores whole is told so, and nothing is left of it", async () => {
  await using scene = await Scene.create("drill", s3);
  const app = scene.app();
  await using manager = await scene.start();
  await manager.untilAsleep(1);
  await ask(manager, app.id);
  const { drill, status, txid } = await drilled(manager, app.id, "passed");
  assert.equal(status, "protected");
  assert.equal(drill.txid, txid);
  assert.equal(drill.problem, null);
  assert.ok(Math.abs(Date.now() - Date.parse(drill.at!)) < 60_000);
  await until("nothing is left", async () => (await leftOver(scene)) === 0);
  // What it read is paid for.
  assert.ok((await manager.status()).requests["GET"]! > 0);
  await manager.stop();

  await using next = await scene.start();
  assert.deepEqual((await clientOf(next, app.id)).drill, drill);
});

/** What somebody does to the objects of a client. */
const HARM: Record<
  string,
  (keys: readonly string[], other: readonly string[]) => Promise<void>
> = {
  "all objects are deleted": async (keys) => {
    for (const key of keys) await s3.deleteObject(key);
  },
  "a byte in the middle of each object is another": async (keys) => {
    for (const key of keys) {
      const body = await read(key);
      body[Math.floor(body.length / 2)]! ^= 0xff;
      await s3.putObject(key, body);
    }
  },
  "the objects are cut off": async (keys) => {
    for (const key of keys) {
      const body = await read(key);
      await s3.putObject(key, body.subarray(0, body.length - 200));
    }
  },
  "they are another client's": async (keys, other) => {
    for (const key of keys) await s3.deleteObject(key);
    const [id] = keys[0]!.match(ID)!;
    for (const key of other) {
      await s3.putObject(key.replace(ID, id), await read(key));
    }
  },
};

Deno.test("whatever somebody does to the bucket, nobody is protected until all was uploaded anew and restored", async () => {
  await using scene = await Scene.create("drill", s3);
  const other = scene.app();
  const victims = Object.entries(HARM).flatMap(([what, harm]) =>
    [false, true].map((hasSnapshot) => {
      const app = scene.app();
      const name = `${what}${hasSnapshot ? ", after a daily snapshot" : ""}`;
      return { name, harm, hasSnapshot, app };
    })
  );
  await using manager = await scene.start();
  await manager.untilAsleep(victims.length + 1);
  const kept = [{ app: other }, ...victims.filter((one) => one.hasSnapshot)];
  for (const { app } of kept) await post(manager, app.id, "snapshot");
  await until("snapshots are there", async () => {
    for (const { app } of kept) {
      if (!(await keysOf(scene, app)).some(isSnapshot)) return false;
    }
    return true;
  });
  await manager.untilAsleep(victims.length + 1);
  for (const { app, harm } of victims) {
    await harm(await keysOf(scene, app), await keysOf(scene, other));
  }

  for (const { app } of victims) await ask(manager, app.id);
  const refuted = new Map<string, DrillJson>();
  const falseClaims: string[] = [];
  await manager.until("all restore again", async () => {
    const { clients } = await manager.status();
    const results = clients.map((client) => {
      const { clientId, status, drill } = client as DrilledClient;
      if (drill?.result === "refuted") {
        refuted.set(clientId, drill);
        if (status !== "failing") falseClaims.push(`${clientId}: ${status}`);
      }
      return drill?.result ?? "none";
    });
    if (results.filter((one) => one === "passed").length === victims.length) {
      return true;
    }
    throw new Error(results.join());
  }, { timeoutMs: 240_000, everyMs: 100 });

  assert.deepEqual(falseClaims, []);
  for (const { app, name } of victims) {
    const drill = refuted.get(app.id);
    assert.ok(drill, `nobody noticed: ${name}`);
    assert.ok(drill.problem!.length > 10, `${name}: ${drill.problem}`);
    assert.match(drill.hint!, /uploaded anew/);
    assert.equal((await clientOf(manager, app.id)).status, "protected");
  }
  await scene.assertRestores([other, ...victims.map(({ app }) => app)]);
  assert.equal((await clientOf(manager, other.id)).drill, null);
  await manager.stop();
});

Deno.test("a database that was damaged before its backup is told, and not uploaded again", async () => {
  await using scene = await Scene.create("drill", s3);
  const app = scene.app();
  app.insert(200, 500);
  app.close();
  damageIndex(app.path);
  await using manager = await scene.start();
  await manager.untilAsleep(1);
  const before = await keysOf(scene, app);
  await ask(manager, app.id);
  const { drill, status } = await drilled(manager, app.id, "damaged");
  assert.equal(status, "failing");
  assert.match(drill.hint!, /integrity_check/);
  assert.deepEqual(await keysOf(scene, app), before);
  await manager.stop();
});

Deno.test("a write waits for no trial restore, which comes again later", async () => {
  await using proxy = await CountingProxy.start(s3.endpoint);
  const { endpoint } = proxy;
  await using scene = await Scene.create("drill", s3, { endpoint });
  const app = scene.app();
  await using manager = await scene.start();
  await manager.untilAsleep(1);
  const before = await clientOf(manager, app.id);
  proxy.behaviour = "hang-reads";
  proxy.reset();
  await ask(manager, app.id);
  await until("it reads", () => proxy.count("GET") > 1);
  app.insert(1);
  await manager.until("the write is in the replica", async () => {
    const { status, replicatedTxid } = await clientOf(manager, app.id);
    return status === "protected" && replicatedTxid !== before.replicatedTxid;
  });
  await until("the drill has ended", async () => await leftOver(scene) === 0);
  assert.equal((await clientOf(manager, app.id)).drill, null);
  proxy.behaviour = "pass";
  const { drill, txid, status } = await drilled(manager, app.id, "passed");
  assert.deepEqual([drill.txid, status], [txid, "protected"]);
  await scene.assertRestores([app]);
  await manager.stop();
});

Deno.test("a store that may not be read is no verdict", async () => {
  await using proxy = await CountingProxy.start(s3.endpoint);
  const { endpoint } = proxy;
  await using scene = await Scene.create("drill", s3, { endpoint });
  const app = scene.app();
  await using manager = await scene.start();
  await manager.untilAsleep(1);
  proxy.behaviour = "deny";
  await ask(manager, app.id);
  await manager.until("it came to no verdict", async () => {
    const response = await manager.get(`/api/client/${app.id}`);
    const { history } = await response.json();
    return history.some(({ text }: { text: string }) =>
      /no verdict.*AccessDenied/.test(text)
    );
  });
  const { drill, status } = await clientOf(manager, app.id);
  assert.deepEqual([drill, status], [null, "protected"]);
  proxy.behaviour = "pass";
  await ask(manager, app.id);
  await drilled(manager, app.id, "passed");
  await manager.stop();
});

Deno.test("a manager that is killed while it tries leaves nothing for the next", async () => {
  await using proxy = await CountingProxy.start(s3.endpoint);
  const { endpoint } = proxy;
  await using scene = await Scene.create("drill", s3, { endpoint });
  const app = scene.app();
  {
    await using manager = await scene.start();
    await manager.untilAsleep(1);
    proxy.behaviour = "hang";
    proxy.reset();
    await ask(manager, app.id);
    await until("it asked", () => proxy.count() > 0);
    manager.kill("SIGKILL");
    await manager.ended();
    assert.equal(await leftOver(scene), 1);
    assert.equal((await restoring(scene)).length, 1);
  }
  proxy.behaviour = "pass";
  await using manager = await scene.start();
  assert.equal(await leftOver(scene), 0);
  assert.deepEqual(await restoring(scene), []);
  assert.equal((await clientOf(manager, app.id)).status, "protected");
  await manager.stop();
});

const ID = /[0-9a-f]{8}-[0-9a-f-]{27}/;

type DrilledClient = ApiClient & { readonly drill: DrillJson | null };

async function clientOf(
  manager: ManagerProcess,
  id: string,
): Promise<DrilledClient> {
  return await manager.client(id) as DrilledClient;
}

async function drilled(
  manager: ManagerProcess,
  id: string,
  result: string,
): Promise<DrilledClient & { readonly drill: DrillJson }> {
  return await manager.until(`its drill is "${result}"`, async () => {
    const client = await clientOf(manager, id);
    const { drill } = client;
    if (drill?.result === result) return { ...client, drill };
    throw new Error(JSON.stringify(client));
  }, { timeoutMs: 120_000 });
}

async function ask(manager: ManagerProcess, id: string) {
  await post(manager, id, "drill");
}

async function post(manager: ManagerProcess, id: string, action: string) {
  const response = await fetch(`${manager.url}/api/client/${id}/${action}`, {
    method: "POST",
  });
  assert.equal(response.status, 200, await response.text());
}

async function keysOf({ prefix }: Scene, { id }: App): Promise<string[]> {
  return await s3.keys(`${prefix}/${id}/`);
}

function isSnapshot(key: string): boolean {
  return key.includes("/0009/");
}

async function read(key: string): Promise<Uint8Array> {
  return await s3.getObject(key);
}

/** Folders of drills in the state folder. */
async function leftOver(scene: Scene): Promise<number> {
  let n = 0;
  for await (const { name } of Deno.readDir(scene.dir.join("state"))) {
    n += Number(name.startsWith("one-shot-"));
  }
  return n;
}

/** Process ids of the Litestreams that restore into the state folder. */
async function restoring({ dir }: Scene): Promise<string[]> {
  const pids: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const words = await Deno.readTextFile(`/proc/${name}/cmdline`)
      .catch(() => "");
    if (words.includes(`${dir.join("state")}/one-shot-`)) pids.push(name);
  }
  return pids;
}
