import fc from "fast-check";
import assert from "node:assert/strict";
import { type Txid, txidOf } from "../domain/txid.ts";
import { historiesOf, reachable } from "./chain.ts";
import type { LtxFile } from "./stored_object.ts";

type Range = readonly [level: number, min: number, max: number];

const fileOf = ([level, min, max]: Range): LtxFile => ({
  level,
  minTxid: txidOf(min),
  maxTxid: txidOf(max),
  object: { key: "", sizeBytes: 200, storedAt: 0, tag: "" },
});
const filesOf = (ranges: readonly Range[]) => ranges.map(fileOf);
const numberOf = (txid: Txid) => Number.parseInt(txid, 16);
const pointsOf = (ranges: readonly Range[]) =>
  reachable(filesOf(ranges)).map(({ txid }) => numberOf(txid));

const L0 = (min: number, max: number): Range[] =>
  Array.from({ length: max - min + 1 }, (_, i) => [0, min + i, min + i]);

interface Case {
  readonly name: string;
  readonly files: readonly Range[];
  readonly points: readonly number[];
  readonly histories: readonly (readonly [number, number])[];
}

const cases: Case[] = [
  { name: "nothing", files: [], points: [], histories: [] },
  {
    name: "every transaction from the first on",
    files: L0(1, 4),
    points: [1, 2, 3, 4],
    histories: [[1, 4]],
  },
  {
    name: "no beginning",
    files: L0(2, 4),
    points: [],
    histories: [],
  },
  {
    name: "a hole ends what can be restored",
    files: [...L0(1, 2), ...L0(4, 6)],
    points: [1, 2],
    histories: [[1, 2]],
  },
  {
    name: "a snapshot after a hole begins another history",
    files: [...L0(1, 2), ...L0(4, 6), [9, 1, 4]],
    points: [1, 2, 4, 5, 6],
    histories: [[1, 2], [4, 6]],
  },
  {
    name: "a snapshot in the middle of a merged file is no break",
    files: [[1, 1, 10], [1, 11, 20], [9, 1, 15]],
    points: [10, 15, 20],
    histories: [[10, 20]],
  },
  {
    name: "retention removed what was before the oldest snapshot",
    files: [[1, 95, 98], [9, 1, 100], [2, 90, 110], ...L0(111, 112)],
    points: [100, 110, 111, 112],
    histories: [[100, 112]],
  },
  {
    name: "levels overlap",
    files: [[1, 1, 3], ...L0(3, 5), [2, 1, 3]],
    points: [3, 4, 5],
    histories: [[3, 5]],
  },
  {
    name: "a merged file leaps over a point that is still there",
    files: [[9, 1, 5], [2, 3, 9], ...L0(7, 8)],
    points: [5, 9],
    histories: [[5, 9]],
  },
];

for (const { name, files, points, histories } of cases) {
  Deno.test(`restorable: ${name}`, () => {
    assert.deepEqual(pointsOf(files), points);
    const found = historiesOf(reachable(filesOf(files)), filesOf(files));
    assert.deepEqual(
      found.map(({ from, to }) => [numberOf(from), numberOf(to)]),
      histories,
    );
  });
}

Deno.test("a point knows all files that end there, lowest level first", () => {
  const [point] = reachable(filesOf([[9, 1, 2], [0, 2, 2], [1, 1, 2]]));
  assert.deepEqual(point?.files.map(({ level }) => level), [0, 1, 9]);
});

/**
 * Litestream's `CalcRestorePlan` for a TXID, step by step as it stands there:
 * levels from high to low, each in the order of names, one candidate each.
 */
function planFor(ranges: readonly Range[], txid: number): Range[] | null {
  const plan: Range[] = [];
  const inLevel = (level: number) =>
    ranges.filter((range) => range[0] === level)
      .sort((a, b) => a[1] - b[1] || a[2] - b[2]);
  const snapshot = inLevel(9).findLast(([, , max]) => max <= txid);
  if (snapshot) plan.push(snapshot);
  let reached = snapshot?.[2] ?? 0;
  if (reached >= txid) return plan;
  const better = (a: Range, b: Range) =>
    b[2] !== a[2] ? b[2] > a[2] : b[1] !== a[1] ? b[1] < a[1] : b[0] > a[0];
  const cursors = [8, 7, 6, 5, 4, 3, 2, 1, 0].map((level) => ({
    queue: inLevel(level),
    candidate: null as Range | null,
  }));
  for (;;) {
    let next: (typeof cursors)[number] | null = null;
    for (const cursor of cursors) {
      if (cursor.candidate && cursor.candidate[2] <= reached) {
        cursor.candidate = null;
      }
      for (;;) {
        const [info] = cursor.queue;
        if (info === undefined || info[1] > reached + 1) break;
        cursor.queue.shift();
        if (info[2] <= reached || info[2] > txid) continue;
        if (!cursor.candidate || better(cursor.candidate, info)) {
          cursor.candidate = info;
        }
      }
      if (!cursor.candidate) continue;
      if (!next?.candidate || better(next.candidate, cursor.candidate)) {
        next = cursor;
      }
    }
    if (!next?.candidate) break;
    plan.push(next.candidate);
    reached = next.candidate[2];
    next.candidate = null;
    if (reached >= txid) break;
  }
  return reached < txid || plan.length === 0 ? null : plan;
}

Deno.test("restorable points are those for which Litestream finds a plan", () => {
  const range = fc.tuple(
    fc.integer({ min: 0, max: 9 }),
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 0, max: 6 }),
  ).map(([level, min, more]): Range =>
    level === 9 ? [9, 1, min] : [level, min, min + more]
  );
  let listed = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.array(range, { maxLength: 24 }), (ranges) => {
      const points = new Set(pointsOf(ranges));
      for (let txid = 1; txid <= 27; txid++) {
        assert.equal(points.has(txid), planFor(ranges, txid) !== null);
        if (points.has(txid)) listed++;
        else refused++;
      }
    }),
    { numRuns: 2_000 },
  );
  // Both happen often, or the property says little.
  assert.ok(listed > 2_000, `${listed} listed`);
  assert.ok(refused > 2_000, `${refused} refused`);
});
