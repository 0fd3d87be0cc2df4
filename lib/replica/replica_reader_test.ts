import assert from "node:assert/strict";
import {
  AppDatabase,
  contentDigest,
} from "../../tests/support/app_database.ts";
import {
  FastDaemon,
  replicateOnce,
  runInShell,
} from "../../tests/support/replicated.ts";
import {
  bucketPlace,
  folderPlace,
  restore,
} from "../../tests/support/replica_place.ts";
import { sharedS3 } from "../../tests/support/shared_s3.ts";
import { until } from "../../tests/support/until.ts";
import { parseClientId } from "../domain/client_id.ts";
import { parseLtxHeader } from "../domain/ltx_header.ts";
import { connectionUrl, replicaKey } from "../domain/replica_target.ts";
import { type Txid, txidOf } from "../domain/txid.ts";
import type { ReplicaContents } from "../view.ts";
import { openReplicaReader } from "./replica_reader.ts";
import { generationsJson, restoreOptionsJson } from "./seed_shapes.ts";

const s3 = await sharedS3();
const signal = () => AbortSignal.timeout(60_000);

const newId = () => parseClientId(crypto.randomUUID())!;
const fileName = (min: number, max: number) =>
  `${txidOf(min)}-${txidOf(max)}.ltx`;
const number = (txid: Txid) => Number.parseInt(txid, 16);
const points = ({ points }: ReplicaContents) =>
  points.map(({ txid }) => number(txid));

const places = { s3: () => bucketPlace(s3), file: folderPlace };

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
      // Closing deletes the WAL: the fourth is a full copy, at level 0.
      if (version === 4) db.reopen();
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
      const copy = dir.join(`.${id}.db-litestream/ltx/0`, fileName(4, 4));
      const header = parseLtxHeader(await Deno.readFile(copy));
      assert.equal(header.walOffset, 32);
      for (const { txid, at, exactTime } of contents.points) {
        const name = fileName(number(txid), number(txid));
        const local = dir.join(`.${id}.db-litestream/ltx/0`, name);
        const header = parseLtxHeader(await Deno.readFile(local));
        assert.equal(at, header.timestampMs);
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
      const name = (txid: number) => `${folder}/${fileName(txid, txid)}`;
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
      // Litestream does not begin with the full copy at level 0, so neither do we.
      const snapshot = fileName(1, 3);
      await place.remove(
        `${replicaKey(target, id)}/${
          kind === "s3" ? "0009" : "ltx/9"
        }/${snapshot}`,
      );
      const rest = await reader.read(id, { signal: signal() });
      assert.deepEqual(points(rest), [1]);
      assert.equal(await restore(place, id, { txid: txidOf(4) }), null);
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
