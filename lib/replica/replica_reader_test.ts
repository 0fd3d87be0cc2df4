import assert from "node:assert/strict";
import { rm, utimes } from "node:fs/promises";
import {
  AppDatabase,
  contentDigest,
} from "../../tests/support/app_database.ts";
import {
  FastDaemon,
  replicateOnce,
  runInShell,
} from "../../tests/support/replicated.ts";
import { sharedS3 } from "../../tests/support/shared_s3.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { until } from "../../tests/support/until.ts";
import { type ClientId, parseClientId } from "../domain/client_id.ts";
import { parseLtxHeader } from "../domain/ltx_header.ts";
import {
  connectionUrl,
  replicaKey,
  type ReplicaTarget,
} from "../domain/replica_target.ts";
import { type Txid, txidOf } from "../domain/txid.ts";
import { restoreCommand } from "../restore/command.ts";
import type { ReplicaContents } from "../view.ts";
import { openReplicaReader } from "./replica_reader.ts";
import { generationsJson, restoreOptionsJson } from "./seed_shapes.ts";

const s3 = await sharedS3();
const signal = () => AbortSignal.timeout(60_000);

/** A place for replicas, and a database that is replicated there. */
interface Place extends AsyncDisposable {
  readonly dir: TempDir;
  readonly target: ReplicaTarget;
  readonly env: Record<string, string>;
  put(key: string, body: Uint8Array, at: Date): Promise<void>;
  remove(key: string): Promise<void>;
}

const places = { s3: bucketPlace, file: folderPlace };

async function bucketPlace(): Promise<Place> {
  const dir = await TempDir.create("replica");
  const prefix = s3.uniquePrefix("it's $HOME (a)");
  return {
    dir,
    target: {
      kind: "s3",
      bucket: s3.bucket,
      prefix,
      endpoint: s3.endpoint,
      region: null,
    },
    env: s3.env,
    put: (key, body) => s3.putObject(key, body),
    remove: (key) => s3.deleteObject(key),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

async function folderPlace(): Promise<Place> {
  const dir = await TempDir.create("replica");
  const root = dir.join("it's_$HOME;(a)&b");
  await Deno.mkdir(root);
  return {
    dir,
    target: { kind: "file", root, prefix: "databases" },
    env: {},
    async put(key, body, at) {
      const path = `${root}/${key}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), {
        recursive: true,
      });
      await Deno.writeFile(path, body);
      await utimes(path, at, at);
    },
    remove: (key) => rm(`${root}/${key}`),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

function newId(): ClientId {
  return parseClientId(crypto.randomUUID())!;
}

/** Restores with the command that is shown to a person, pasted into a shell. */
async function restore(
  { dir, target, env }: Place,
  id: ClientId,
  options: { txid?: Txid; before?: number },
): Promise<string | null> {
  const out = dir.join(`it's restored ${crypto.randomUUID()}.db`);
  const command = restoreCommand(target, id, { out, ...options });
  const { ok, output } = await runInShell(command, { env, cwd: dir.path });
  if (ok) return contentDigest(out);
  assert.match(output, /no matching backup files available/);
  return null;
}

const number = (txid: Txid) => Number.parseInt(txid, 16);

function points({ points }: ReplicaContents): number[] {
  return points.map(({ txid }) => number(txid));
}

for (const [kind, open] of Object.entries(places)) {
  Deno.test(`${kind}: every point listed restores to exactly its state`, async (t) => {
    await using place = await open();
    const { dir, target, env } = place;
    await using reader = openReplicaReader(target, { env });
    const id = newId();
    const dbPath = dir.join(`${id}.db`);
    using db = AppDatabase.open(dbPath, { autoCheckpoint: 0 });
    const replica = {
      dbPath,
      url: connectionUrl(target, id),
      env,
      dir: dir.path,
    };
    const states: string[] = [];
    const from = Date.now();
    for (let version = 1; version <= 5; version++) {
      db.insert(3);
      db.update(2);
      await replicateOnce({ ...replica, snapshot: version === 3 });
      states.push(db.digest());
    }
    const contents = await reader.read(id, { signal: signal() });

    await t.step("its points", async () => {
      assert.deepEqual(points(contents), [1, 2, 3, 4, 5]);
      assert.deepEqual(
        contents.points.map(({ level }) => level),
        [0, 0, 9, 0, 0],
      );
      assert.equal(contents.truncated, false);
      for (const [index, { txid }] of contents.points.entries()) {
        assert.equal(await restore(place, id, { txid }), states[index]);
      }
      assert.equal(await restore(place, id, {}), states.at(-1));
      assert.equal(await restore(place, id, { txid: txidOf(6) }), null);
    });

    await t.step("its times are those in the files", async () => {
      for (const { txid, at, exactTime } of contents.points) {
        const name = `${txid}-${txid}.ltx`;
        const local = dir.join(`.${id}.db-litestream/ltx/0`, name);
        assert.equal(
          at,
          parseLtxHeader(await Deno.readFile(local)).timestampMs,
        );
        assert.ok(exactTime);
        assert.ok(from <= at && at <= Date.now());
      }
      assert.equal(contents.snapshots.length, 1);
      assert.ok(contents.snapshots[0]!.at >= contents.points[2]!.at);
      assert.ok(contents.snapshots[0]!.at < contents.points[3]!.at);
    });

    await t.step("a hole takes away what lies behind it", async () => {
      const folder = `${replicaKey(target, id)}/${
        kind === "s3" ? "0000" : "ltx/0"
      }`;
      const name = (txid: number) =>
        `${folder}/${txidOf(txid)}-${txidOf(txid)}.ltx`;
      await place.remove(name(2));
      await place.remove(name(3));
      await place.remove(name(5));
      await place.put(name(6), new Uint8Array(500), new Date());
      const contents = await reader.read(id, { signal: signal() });
      assert.deepEqual(points(contents), [1, 3, 4]);
      assert.deepEqual(contents.histories, [
        { from: txidOf(1), to: txidOf(1) },
        { from: txidOf(3), to: txidOf(4) },
      ]);
      for (let txid = 1; txid <= 5; txid++) {
        assert.equal(
          await restore(place, id, { txid: txidOf(txid) }),
          points(contents).includes(txid) ? states[txid - 1] : null,
        );
      }
      const { generations } = generationsJson(id, contents, target);
      assert.deepEqual(
        generations.map(({ snapshots }) => snapshots.map(({ id }) => id)),
        [[txidOf(3)], [txidOf(1)]],
      );
    });
  });

  Deno.test(`${kind}: points and times stay true when levels are merged`, async () => {
    await using place = await open();
    const { dir, target, env } = place;
    await using reader = openReplicaReader(target, { env });
    const id = newId();
    const dbPath = dir.join(`${id}.db`);
    using db = AppDatabase.open(dbPath, { autoCheckpoint: 0 });
    const url = connectionUrl(target, id);
    const states = new Map<number, { digest: string; at: number }>();
    const newest = () => Math.max(0, ...states.keys());
    const read = () => reader.read(id, { signal: signal() });
    let merged = await read();
    {
      await using _daemon = await FastDaemon.start({
        dbPath,
        url,
        env,
        dir: dir.path,
      });
      // Until a file holds more than one version, so that some are lost.
      const isMerged = () =>
        merged.points.some(({ level, txid, minTxid }) =>
          level > 0 && number(txid) - number(minTxid) >= 2
        );
      for (let version = 0; version < 100 && !isMerged(); version++) {
        if (version > 0) db.insert(2);
        const digest = db.digest();
        const before = newest();
        merged = await until("the version is in the replica", async () => {
          const contents = await read();
          const txid = number(contents.points.at(-1)?.txid ?? txidOf(0));
          return txid > before ? contents : null;
        });
        const { txid, at, exactTime } = merged.points.at(-1)!;
        assert.ok(exactTime);
        states.set(number(txid), { digest, at });
      }
      assert.ok(isMerged());
      merged = await until("nothing is left at level 0", async () => {
        const contents = await read();
        return contents.points.every(({ level }) => level > 0)
          ? contents
          : null;
      });
    }
    let compared = 0;
    for (let txid = 1; txid <= newest(); txid++) {
      const point = merged.points.find((point) => point.txid === txidOf(txid));
      const digest = await restore(place, id, { txid: txidOf(txid) });
      assert.equal(digest !== null, point !== undefined);
      const state = states.get(txid);
      if (point === undefined || state === undefined) continue;
      assert.equal(digest, state.digest);
      // A merged file tells when its last transaction was written.
      assert.equal(point.at, state.at);
      compared++;
    }
    assert.ok(compared > 0);
    assert.ok(merged.points.length < newest());
  });

  Deno.test(`${kind}: 0.3 generations are listed and restored`, async () => {
    await using place = await open();
    const { dir, target, env } = place;
    await using reader = openReplicaReader(target, { env });
    const id = newId();
    const generation = "1911e03a701ce789";
    const testdata = new URL(
      `./testdata/generations/${generation}/`,
      import.meta.url,
    );
    for (
      const name of [
        "snapshots/00000000.snapshot.lz4",
        "wal/00000000_00000000.wal.lz4",
        "wal/00000000_00000880.wal.lz4",
        "wal/00000000_00000a98.wal.lz4",
      ]
    ) {
      await place.put(
        `${replicaKey(target, id)}/generations/${generation}/${name}`,
        await Deno.readFile(new URL(name, testdata)),
        new Date(),
      );
    }
    const old = await reader.read(id, { signal: signal() });
    assert.deepEqual(old.points, []);
    assert.deepEqual(old.legacy.map(({ id }) => id), [generation]);
    const [legacy] = old.legacy;
    assert.equal(legacy?.snapshots.length, 1);
    assert.ok(legacy.createdAt <= legacy.updatedAt);
    const expected = await restore(place, id, {});
    assert.notEqual(expected, null);
    const runOption = async (contents: ReplicaContents) => {
      const { restoreOptions } = restoreOptionsJson(id, contents, target);
      const option = restoreOptions.at(-1)!;
      assert.equal(option.type, "generation");
      const cwd = dir.join(crypto.randomUUID());
      await Deno.mkdir(cwd);
      const { ok, output } = await runInShell(option.command, { env, cwd });
      assert.ok(ok, output);
      assert.equal(contentDigest(`${cwd}/restored.db`), expected);
    };
    await runOption(old);

    // The manager takes over: its own history stands beside the old one.
    const dbPath = dir.join(`${id}.db`);
    using db = AppDatabase.open(dbPath, { autoCheckpoint: 0 });
    db.insert(3);
    const url = connectionUrl(target, id);
    await replicateOnce({ dbPath, url, env, dir: dir.path, snapshot: true });
    const both = await reader.read(id, { signal: signal() });
    assert.deepEqual(points(both), [1]);
    assert.deepEqual(
      generationsJson(id, both, target).generations.map(({ id }) => id),
      [txidOf(1), generation],
    );
    await runOption(both);
  });

  Deno.test(`${kind}: lists clients, and a client without a replica is empty`, async () => {
    await using place = await open();
    const { target, env } = place;
    await using reader = openReplicaReader(target, { env });
    const ids = [newId(), newId(), newId()].sort();
    for (const name of [...ids, "not-a-client", newId().toUpperCase()]) {
      const key = target.prefix === "" ? name : `${target.prefix}/${name}`;
      await place.put(`${key}/x/y`, new Uint8Array(1), new Date());
    }
    assert.deepEqual(
      await reader.clientIds({ signal: signal(), limit: 3 }),
      { ids, truncated: false },
    );
    assert.deepEqual(
      await reader.clientIds({ signal: signal(), limit: 2 }),
      { ids: ids.slice(0, 2), truncated: true },
    );
    const { points, snapshots, histories, legacy, sizeBytes } = await reader
      .read(newId(), { signal: signal() });
    assert.deepEqual([points, snapshots, histories, legacy, sizeBytes], [
      [],
      [],
      [],
      [],
      0,
    ]);
    await reader.check({ signal: signal() });
    await assert.rejects(
      reader.read(ids[0]!, { signal: AbortSignal.abort() }),
      { name: "AbortError" },
    );
  });
}
