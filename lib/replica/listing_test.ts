import { PutObjectCommand } from "@aws-sdk/client-s3";
import fc from "fast-check";
import assert from "node:assert/strict";
import { runInShell } from "../../tests/support/replicated.ts";
import { bucketPlace, folderPlace } from "../../tests/support/replica_place.ts";
import { sharedS3 } from "../../tests/support/shared_s3.ts";
import { parseClientId } from "../domain/client_id.ts";
import { replicaKey } from "../domain/replica_target.ts";
import { type Txid, txidOf } from "../domain/txid.ts";
import { restoreCommand } from "../restore/command.ts";
import type { ReplicaContents } from "../view.ts";
import { openReplicaReader } from "./replica_reader.ts";

const s3 = await sharedS3();
const signal = () => AbortSignal.timeout(60_000);

const newId = () => parseClientId(crypto.randomUUID())!;
const fileName = (min: number, max: number) =>
  `${txidOf(min)}-${txidOf(max)}.ltx`;
const number = (txid: Txid) => Number.parseInt(txid, 16);
const points = ({ points }: ReplicaContents) =>
  points.map(({ txid }) => number(txid));

/** A file that begins like an LTX file and holds nothing more. */
function headOnly(at: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(120));
  view.setUint32(0, 0x4c545831);
  view.setBigInt64(32, BigInt(at));
  return new Uint8Array(view.buffer);
}

Deno.test("of any set of files, those points are listed that Litestream plans for", async () => {
  await using place = await folderPlace();
  const { dir, target } = place;
  await using reader = openReplicaReader(target);
  const range = fc.tuple(
    fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 9),
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 0, max: 4 }),
  ).map(([level, min, more]) =>
    level === 9 ? [9, 1, min] as const : [level, min, min + more] as const
  );
  const sets = fc.sample(fc.array(range, { minLength: 3, maxLength: 10 }), {
    numRuns: 12,
    seed: 7,
  });
  let listed = 0;
  for (const set of sets) {
    const id = newId();
    for (const [level, min, max] of set) {
      const key = `${replicaKey(target, id)}/ltx/${level}/${
        fileName(min, max)
      }`;
      await place.put(key, headOnly(1_000 * max), new Date());
    }
    const contents = await reader.read(id, { signal: signal() });
    const accepted: number[] = [];
    for (let txid = 1; txid <= 13; txid++) {
      const command = restoreCommand(target, id, {
        out: dir.join("never.db"),
        txid: txidOf(txid),
      }).replace("restore ", "restore -dry-run ");
      const { ok, output } = await runInShell(command, { cwd: dir.path });
      if (ok) accepted.push(txid);
      else assert.match(output, /no matching backup files available/);
    }
    assert.deepEqual(points(contents), accepted, JSON.stringify(set));
    listed += accepted.length;
  }
  assert.ok(listed > 12, `${listed} listed`);
});

Deno.test("s3: long listings are read page by page, headers up to the bound", async () => {
  await using place = await bucketPlace(s3);
  const { target, env } = place;
  await using reader = openReplicaReader(target, { env });
  const id = newId();
  const count = 1_050;
  const txids = Array.from({ length: count }, (_, index) => index + 1).values();
  await s3.with(async (client) => {
    const put = async () => {
      for (const txid of txids) {
        await client.send(
          new PutObjectCommand({
            Bucket: s3.bucket,
            Key: `${replicaKey(target, id)}/0000/${fileName(txid, txid)}`,
            Body: headOnly(1_000 * txid),
          }),
        );
      }
    };
    await Promise.all(Array.from({ length: 8 }, put));
  });
  const exact = async () => {
    const { points, truncated } = await reader.read(id, { signal: signal() });
    assert.equal(points.length, count);
    assert.equal(truncated, false);
    const exact = points.filter(({ exactTime }) => exactTime);
    for (const { txid, at } of exact) assert.equal(at, 1_000 * number(txid));
    return exact.map(({ txid }) => number(txid));
  };
  const first = await exact();
  assert.equal(first.length, 200);
  assert.equal(first[0], count - 199);
  assert.equal((await exact()).length, 400);
});
