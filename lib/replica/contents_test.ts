import assert from "node:assert/strict";
import { txidOf } from "../domain/txid.ts";
import { contentsOf } from "./contents.ts";
import { HeaderTimes } from "./header_times.ts";
import type { StoredObject } from "./stored_object.ts";

const folder = "databases/x";
const { signal } = new AbortController();

/** An object as a bucket lists it; it got there a second after it was written. */
function object(level: number, min: number, max: number): StoredObject {
  return {
    key: `${level.toString(16).padStart(4, "0")}/${txidOf(min)}-${
      txidOf(max)
    }.ltx`,
    sizeBytes: 200 + level,
    storedAt: max * 1_000 + level + 1_000,
    tag: `"${level}.${min}.${max}"`,
  };
}

/** The first 100 bytes of a file that was written at `at`. */
function head(at: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(100));
  view.setUint32(0, 0x4c545831);
  view.setBigInt64(32, BigInt(at));
  return new Uint8Array(view.buffer);
}

/** When the object was written, out of its name. */
function timeIn(key: string): number {
  const [, level, max] = /(\d{4})\/\w{16}-(\w{16})\.ltx$/.exec(key)!;
  return Number.parseInt(max!, 16) * 1_000 + Number(level);
}

interface Store {
  readonly reads: string[];
  readonly times: HeaderTimes;
}

function store(
  { gone = [], maxReads = 100 }: { gone?: string[]; maxReads?: number } = {},
): Store {
  const reads: string[] = [];
  const times = new HeaderTimes({
    maxReads,
    concurrency: 2,
    maxKept: 6,
    readHead(key) {
      reads.push(key);
      const isGone = gone.some((one) => key.endsWith(one));
      return Promise.resolve(isGone ? null : head(timeIn(key)));
    },
  });
  return { reads, times };
}

function look(objects: StoredObject[], { times }: Store) {
  return contentsOf({ objects, truncated: false }, {
    folder,
    layout: "s3",
    times,
    signal,
  });
}

Deno.test("a point has the time of the lowest level and the level of the highest", async () => {
  const objects = [object(0, 1, 1), object(0, 2, 2), object(1, 1, 2)];
  const { points, snapshots } = await look(
    [...objects, object(9, 1, 2)],
    store(),
  );
  assert.deepEqual(points[1], {
    txid: txidOf(2),
    at: 2_000,
    exactTime: true,
    level: 9,
    minTxid: txidOf(1),
    sizeBytes: 209,
  });
  assert.deepEqual(snapshots.map(({ at }) => at), [2_009]);
});

Deno.test("headers are read newest first up to the bound, then once only", async () => {
  const objects = [1, 2, 3, 4, 5].map((txid) => object(0, txid, txid));
  const one = store({ maxReads: 2 });
  const exact = async () =>
    (await look(objects, one)).points.map(({ exactTime }) => exactTime);
  assert.deepEqual(await exact(), [false, false, false, true, true]);
  assert.equal(one.reads.length, 2);
  const { points } = await look(objects, one);
  assert.deepEqual(
    points.map(({ at, exactTime }) => [at, exactTime]),
    // The oldest is only known by when the store got it.
    [[2_000, false], [2_000, true], [3_000, true], [4_000, true], [
      5_000,
      true,
    ]],
  );
  assert.deepEqual(await exact(), [true, true, true, true, true]);
  assert.equal(one.reads.length, 5);
  await exact();
  assert.equal(one.reads.length, 5);
});

Deno.test("an object that changed is read again", async () => {
  const one = store();
  await look([object(0, 1, 1)], one);
  await look([{ ...object(0, 1, 1), tag: "another" }], one);
  assert.equal(one.reads.length, 2);
});

Deno.test("what retention removed meanwhile is no point, nor what needs it", async () => {
  const objects = [object(0, 1, 1), object(0, 2, 2), object(0, 3, 3)];
  const { points } = await look(
    objects,
    store({ gone: [`${txidOf(2)}.ltx`] }),
  );
  assert.deepEqual(points.map(({ txid }) => txid), [txidOf(1)]);
});

Deno.test("other objects and files too short to be one are no points", async () => {
  const { points, sizeBytes } = await look([
    object(0, 1, 1),
    { ...object(0, 2, 2), sizeBytes: 99 },
    { ...object(0, 2, 2), key: `0000/${txidOf(2)}-${txidOf(2)}.ltx.tmp` },
    { ...object(0, 2, 2), key: `ltx/0/${txidOf(2)}-${txidOf(2)}.ltx` },
    { ...object(0, 2, 2), key: `000a/${txidOf(2)}-${txidOf(2)}.ltx` },
  ], store());
  assert.equal(points.length, 1);
  assert.equal(sizeBytes, 200 + 99 + 3 * 200);
});

Deno.test("a header that cannot be read fails the look, and ends the others", async () => {
  const objects = [1, 2, 3, 4, 5, 6].map((txid) => object(0, txid, txid));
  let reads = 0;
  const times = new HeaderTimes({
    maxReads: 100,
    concurrency: 1,
    readHead() {
      reads++;
      return Promise.reject(new Error("denied"));
    },
  });
  await assert.rejects(look(objects, { times, reads: [] }), /denied/);
  assert.equal(reads, 1);
});
