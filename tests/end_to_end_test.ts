/**
 * Rules: a manager as an operator runs it, the official Litestream, a real S3
 * server. What is said to be protected is restored from the bucket and compared
 * with what the application has, row for row.
 * @module
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { AppDatabase } from "./support/app_database.ts";
import { CountingProxy } from "./support/counting_proxy.ts";
import type { ManagerProcess } from "./support/run_manager.ts";
import { type App, Scene } from "./support/scene.ts";
import { sharedS3 } from "./support/shared_s3.ts";

const s3 = await sharedS3();

Deno.test("databases come, are written, moved and deleted, and are restored", async (t) => {
  await using scene = await Scene.create("end-to-end", s3);
  const apps = [
    scene.app(),
    scene.app(),
    scene.app(scene.path(randomUUID(), 'a folder/100% of "it\'s" $HOME & ö')),
    scene.app(scene.dir.join("data", `${randomUUID().toUpperCase()}.sqlite3`)),
    scene.app(undefined, { journal: "delete" }),
    scene.app(undefined, { pageSize: 16384 }),
  ];
  // Its application is not running: there is no WAL.
  const resting = scene.app();
  resting.close();
  await using manager = await scene.start();

  await t.step("a fresh folder: all are protected", async () => {
    const { activeClients } = await manager.untilProtected(apps.length + 1);
    assert.equal(activeClients, apps.length + 1);
    await scene.assertRestores(apps);
  });

  await t.step("a write is in the replica, awake and asleep", async () => {
    for (const state of ["awake", "asleep"]) {
      if (state === "asleep") await untilAsleep(manager);
      for (const app of apps) app.insert(3);
      for (const app of apps) await untilRestored(scene, manager, app);
    }
  });

  await t.step(
    "an application at rest is opened, written and closed",
    async () => {
      resting.reopen();
      resting.insert(5);
      resting.close();
      resting.reopen();
      await untilRestored(scene, manager, resting);
    },
  );

  await t.step("the printed command restores exactly its point", async () => {
    const app = apps[0]!;
    const before = app.digest();
    const command = await scene.newestCommand(manager, app.id);
    app.insert(10);
    await untilRestored(scene, manager, app);
    assert.equal(await scene.restore(command), before);
    const latest = await scene.newestCommand(manager, app.id);
    assert.notEqual(latest, command);
    assert.equal(await scene.restore(latest), app.digest());
  });

  await t.step("deleted: gone, its backup is kept; it comes back", async () => {
    const app = apps[1]!;
    const kept = app.digest();
    app.close();
    const bytes = await Deno.readFile(app.path);
    await removeDatabase(app.path);
    await untilStatus(manager, app.id, "gone");
    assert.equal(
      await scene.restore(await scene.newestCommand(manager, app.id)),
      kept,
    );
    await Deno.writeFile(app.path, bytes);
    app.reopen();
    app.insert(2);
    await untilRestored(scene, manager, app);
  });

  await t.step("renamed out and in", async () => {
    const app = apps[2]!;
    const away = scene.dir.join(`${app.id}.db`);
    app.close();
    await Deno.rename(app.path, away);
    await untilStatus(manager, app.id, "gone");
    const outside = AppDatabase.open(away);
    outside.insert(4);
    outside.close();
    await Deno.rename(away, app.path);
    app.reopen();
    await untilRestored(scene, manager, app);
  });

  await t.step("a folder is moved in", async () => {
    const moved = [1, 2].map((n) =>
      scene.app(scene.dir.join("outside", `${n}`, `${randomUUID()}.db`))
    );
    for (const app of moved) app.close();
    await Deno.rename(
      scene.dir.join("outside"),
      scene.dir.join("data", "inside"),
    );
    for (const { id } of moved) {
      await untilStatus(manager, id, "protected");
      const client = await manager.client(id);
      assert.match(client!.databasePath, /\/data\/inside\/[12]\//);
    }
  });

  await t.step(
    "two files with one id: conflict, and the first goes on",
    async () => {
      const app = apps[3]!;
      const copy = scene.path(app.id, "copies");
      await Deno.mkdir(scene.dir.join("data", "copies"));
      const other = AppDatabase.open(copy);
      other.insert(1);
      await untilStatus(manager, app.id, "conflict");
      app.insert(7);
      await manager.until(
        "the first is replicated",
        async () =>
          await scene.restore(scene.directCommand(app.id)) === app.digest(),
      );
      const response = await manager.get(`/api/client/${app.id}`);
      const client = await response.json();
      assert.deepEqual(client.duplicates, [copy]);
      assert.equal(client.databasePath, app.path);
      assert.equal(client.status, "conflict");
      other.close();
      await removeDatabase(copy);
      await untilRestored(scene, manager, app);
    },
  );

  await t.step(
    "another database is moved over it, awake and asleep",
    async () => {
      for (const state of ["awake", "asleep"]) {
        const app = apps[0]!;
        app.checkpoint("TRUNCATE");
        app.insert(1);
        await untilRestored(scene, manager, app);
        if (state === "asleep") await untilAsleep(manager);
        app.close();
        const path = scene.dir.join("other.db");
        const other = AppDatabase.open(path);
        other.insert(300, 900);
        other.close();
        // As somebody does who puts a restored database in place.
        await Deno.rename(path, app.path);
        await removeIfThere(`${app.path}-wal`);
        await removeIfThere(`${app.path}-shm`);
        app.reopen();
        app.insert(2);
        await untilRestored(scene, manager, app);
      }
    },
  );

  await t.step(
    "the answers have the shapes of the program before",
    async () => {
      await checkShapes(scene, manager, apps[5]!);
    },
  );

  await t.step(
    "unknown ids, wrong methods and bad ids are refused",
    async () => {
      const unknown = await manager.get(`/api/client/${randomUUID()}`);
      assert.equal(unknown.status, 404);
      assert.match(unknown.headers.get("content-type")!, /problem\+json/);
      await unknown.body?.cancel();
      const post = await fetch(`${manager.url}/api/status`, { method: "POST" });
      assert.equal(post.status, 405);
      await post.body?.cancel();
    },
  );
  await manager.stop();
  assert.match(manager.stderr, /Everything is in the replica/);
});

Deno.test("what is idle costs nothing, also over a restart; lost state costs a snapshot each", async (t) => {
  await using proxy = await CountingProxy.start(s3.endpoint);
  await using scene = await Scene.create("costs", s3, {
    endpoint: proxy.endpoint,
  });
  const apps = Array.from({ length: 12 }, () => scene.app());
  for (const app of apps.slice(6)) app.close();
  const open = apps.slice(0, 6);
  {
    await using manager = await scene.start();
    await manager.untilProtected(apps.length);
    for (const app of open) app.insert(2);
    for (const app of open) await untilRestored(scene, manager, app);

    await t.step("idle: no request", async () => {
      await untilAsleep(manager);
      proxy.reset();
      await delay(6_000);
      assert.deepEqual(proxy.seen, []);
      assert.equal((await manager.status()).counts["protected"], apps.length);
    });
    await manager.stop();
  }

  await t.step(
    "started again: all are protected, with no request",
    async () => {
      proxy.reset();
      await using manager = await scene.start();
      await manager.untilProtected(apps.length);
      await delay(3_000);
      assert.deepEqual(proxy.seen, []);
      await manager.stop();
      assert.deepEqual(proxy.seen, []);
    },
  );

  await t.step("written while it was away: found, and only that", async () => {
    proxy.reset();
    const [app] = open;
    app!.insert(3);
    await using manager = await scene.start();
    await manager.untilProtected(apps.length);
    const asked = new Set(proxy.seen.map(({ url }) => clientIn(url)));
    assert.deepEqual([...asked], [app!.id]);
    await scene.assertRestores(open);
    await manager.stop();
  });

  await t.step("the state is deleted: one full snapshot each", async () => {
    await Deno.remove(scene.dir.join("state"), { recursive: true });
    proxy.reset();
    await using manager = await scene.start();
    await manager.untilProtected(apps.length);
    await untilAsleep(manager);
    const uploads = proxy.seen.filter(({ method, url }) =>
      method === "PUT" && url.includes("/0000/")
    );
    const perClient = Map.groupBy(uploads, ({ url }) => clientIn(url));
    assert.deepEqual(
      [...perClient].map(([id, puts]) => [id, puts.length]).sort(),
      apps.map(({ id }) => [id, 1]).sort(),
    );
    await scene.assertRestores(open);
    await manager.stop();
  });

  await t.step("another bucket: not protected until it is there", async () => {
    const bucket = `other-${randomUUID()}`;
    await s3.createBucket(bucket);
    await using manager = await scene.start({
      args: ["--bucket", bucket],
    });
    const held = new Set<string>();
    const lies: string[] = [];
    await manager.until("all are protected", async () => {
      const { clients } = await manager.status();
      const claimed = clients.filter(({ status }) => status === "protected");
      for (const { clientId: id } of claimed) {
        if (held.has(id)) continue;
        const keys = await s3.keys(`${scene.prefix}/${id}/`, bucket);
        if (keys.length === 0) lies.push(id);
        held.add(id);
      }
      return held.size === apps.length;
    });
    assert.deepEqual(lies, [], "called protected and not in the bucket");
    const app = open[1]!;
    app.insert(2);
    await manager.until(
      "a write is in the other bucket",
      async () =>
        await scene.restore(await scene.newestCommand(manager, app.id)) ===
          app.digest(),
    );
    await manager.stop();
  });
});

/** The id of the client that a request is about. */
function clientIn(url: string): string {
  return /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(
    decodeURIComponent(url),
  )?.[0] ?? url;
}

async function untilStatus(manager: ManagerProcess, id: string, want: string) {
  await manager.until(`${id} is ${want}`, async () => {
    const client = await manager.client(id);
    if (client?.status === want) return true;
    throw new Error(JSON.stringify(client));
  });
}

async function untilAsleep(manager: ManagerProcess) {
  await manager.until("all are asleep and protected", async () => {
    const { awake, counts, totalClients } = await manager.status();
    const { protected: good = 0, gone = 0 } = counts;
    if (awake === 0 && good + gone === totalClients) return true;
    throw new Error(JSON.stringify({ awake, counts }));
  });
}

/** Waits until the bucket holds what the application has, and it is said to be so. */
async function untilRestored(scene: Scene, manager: ManagerProcess, app: App) {
  const digest = app.digest();
  await manager.until(
    `${app.id} is restored as it is`,
    async () => await scene.restore(scene.directCommand(app.id)) === digest,
    { everyMs: 200 },
  );
  await untilStatus(manager, app.id, "protected");
  const client = await manager.client(app.id);
  assert.equal(client?.txid, client?.replicatedTxid);
}

async function removeDatabase(path: string) {
  await Deno.remove(path);
  for (const ending of ["-wal", "-shm"]) await removeIfThere(path + ending);
}

async function removeIfThere(path: string) {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

async function checkShapes(scene: Scene, manager: ManagerProcess, app: App) {
  const status = await (await manager.get("/api/status")).json();
  assert.equal(status.bucket, s3.bucket);
  assert.deepEqual(status.watchDirs, [scene.data]);
  assert.match(status.uptime, /^(\d+[dhms] ?)+$/);
  assert.equal(status.totalClients, status.clients.length);
  const ids = status.clients.map((one: { clientId: string }) => one.clientId);
  assert.deepEqual(ids, ids.toSorted());
  const one = status.clients.find((one: { clientId: string }) =>
    one.clientId === app.id
  );
  assert.equal(one.databasePath, app.path);
  assert.equal(one.s3Path, `${scene.prefix}/${app.id}`);
  assert.equal(one.status, "protected");
  assert.match(one.createdAt, RFC3339);

  const base = `/api/client/${app.id}`;
  const generations = await (await manager.get(`${base}/generations`)).json();
  assert.deepEqual(Object.keys(generations), ["clientId", "generations"]);
  const [generation] = generations.generations;
  assert.deepEqual(
    Object.keys(generation),
    ["id", "created", "updated", "source", "snapshots"],
  );
  assert.match(generation.created, RFC3339);
  assert.equal(generation.source, "s3");
  assert.deepEqual(
    Object.keys(generation.snapshots[0]),
    ["id", "created", "size", "source"],
  );

  const options = await (await manager.get(`${base}/restore-options`)).json();
  assert.deepEqual(
    Object.keys(options),
    ["clientId", "totalOptions", "latestBackup", "restoreOptions"],
  );
  assert.equal(options.totalOptions, options.restoreOptions.length);
  const [newest, ...older] = options.restoreOptions;
  assert.deepEqual(
    Object.keys(newest),
    ["id", "type", "timestamp", "size", "description", "command"],
  );
  assert.equal(options.latestBackup, newest.timestamp);
  for (const { timestamp, type } of [newest, ...older]) {
    assert.match(timestamp, RFC3339);
    assert.ok(timestamp <= newest.timestamp);
    assert.match(type, /^(snapshot|wal)$/);
  }
  assert.match(newest.command, /^litestream restore -o restored\.db /);
}
