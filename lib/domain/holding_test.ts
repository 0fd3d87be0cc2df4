import assert from "node:assert/strict";
import fc from "fast-check";
import {
  heldBytes,
  type HeldFile,
  type Holding,
  isHeld,
  surenessOf,
  UNKNOWN_HOLDING,
  withDeletion,
  withListing,
  withUpload,
} from "./holding.ts";
import { txidOf } from "./txid.ts";

const up = (
  holding: Holding,
  n: number,
  bytes: number | null,
  { level = 0, at = n }: { level?: number; at?: number } = {},
) => withUpload(holding, { level, txid: txidOf(n), bytes, at });
const gone = (holding: Holding, n: number, level = 0) =>
  withDeletion(holding, { level, txid: txidOf(n), at: n });
const figure = (holding: Holding) =>
  `${surenessOf(holding)} ${heldBytes(holding)}`;
const file = (n: number, sizeBytes: number, level = 0): HeldFile => ({
  level,
  maxTxid: txidOf(n),
  sizeBytes,
});
const listing = (files: HeldFile[], { at = 100, more = 0 } = {}) => ({
  at,
  files,
  sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, more),
  truncated: false,
});

Deno.test("from the first backup on all is known, to the byte", () => {
  let holding = up(UNKNOWN_HOLDING, 1, 500);
  assert.equal(figure(holding), "exact 500");
  holding = up(up(holding, 2, 70), 3, 30);
  holding = up(holding, 3, 590, { level: 1 });
  assert.equal(figure(holding), "exact 1190");
  holding = gone(gone(holding, 1), 2);
  assert.equal(figure(holding), "exact 620");
});

Deno.test("a client that was there before is known in part only", () => {
  assert(!isHeld(UNKNOWN_HOLDING));
  // A deletion alone tells of nothing that stands there.
  assert(!isHeld(gone(UNKNOWN_HOLDING, 4)));
  const holding = up(gone(UNKNOWN_HOLDING, 4), 9, 80);
  assert.equal(figure(holding), "at least 80");
  assert.equal(figure(gone(holding, 8)), "at least 80");
});

Deno.test("a file whose size is not told makes it at least, until it is deleted", () => {
  let holding = up(up(UNKNOWN_HOLDING, 1, 500), 1, null, { level: 9 });
  assert.equal(figure(holding), "at least 500");
  holding = up(up(holding, 5, 50), 5, 600, { level: 9 });
  assert.equal(figure(gone(holding, 1, 9)), "exact 1150");
});

Deno.test("an upload or a deletion that is told twice counts once", () => {
  let holding = up(up(UNKNOWN_HOLDING, 1, 500), 2, 70);
  assert.equal(figure(up(holding, 2, 70)), "exact 570");
  holding = gone(gone(holding, 1), 1);
  assert.equal(figure(holding), "exact 70");
  assert.equal(figure(up(holding, 1, 500, { level: 9 })), "exact 570");
});

Deno.test("a listing is the truth, with what it has beside LTX files", () => {
  const before = up(UNKNOWN_HOLDING, 9, 80);
  const holding = withListing(
    before,
    listing([file(9, 80), file(8, 20), file(8, 700, 9)], { more: 33 }),
  );
  assert.equal(figure(holding), "exact 833");
  assert.equal(holding.listedAt, 100);
  // What was listed is known when it is deleted.
  assert.equal(figure(gone(up(holding, 10, 7), 8)), "exact 820");
  // Something that is not known went: perhaps one of the 33 bytes.
  assert.equal(figure(gone(holding, 1, 1)), "at most 833");
});

Deno.test("a listing that is cut off tells the least", () => {
  const cut = { ...listing([file(9, 80)]), truncated: true };
  assert.equal(figure(withListing(UNKNOWN_HOLDING, cut)), "at least 80");
});

Deno.test("what changed while the bucket was listed leaves the listing out", () => {
  const before = up(UNKNOWN_HOLDING, 9, 80, { at: 105 });
  assert.equal(withListing(before, listing([])), before);
  const empty = withListing(before, listing([], { at: 106 }));
  assert.equal(figure(empty), "exact 0");
  assert(isHeld(empty));
});

Deno.test("a replica that begins anew has no past", () => {
  const old = withListing(
    UNKNOWN_HOLDING,
    listing([file(9, 80), file(9, 5, 9)]),
  );
  assert.equal(figure(up(old, 1, 44)), "exact 44");
});

Deno.test("very many files fit in little, and the sum stays right", () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 1_000_000 }), {
    minLength: 1,
    maxLength: 400,
  });
  fc.assert(
    fc.property(sizes, fc.nat(), (bytes, cut) => {
      const files = bytes.map((size, n) => file(n + 1, size));
      let told = UNKNOWN_HOLDING;
      bytes.forEach((size, n) => told = up(told, n + 1, size));
      const listed = withListing(UNKNOWN_HOLDING, listing(files, { at: 1e9 }));
      const deleted = cut % bytes.length;
      const left = bytes.slice(deleted).reduce((sum, n) => sum + n, 0);
      for (let holding of [told, listed]) {
        assert(JSON.stringify(holding).length < 1_200);
        for (let n = 1; n <= deleted; n++) holding = gone(holding, n);
        if (surenessOf(holding) === "exact") {
          assert.equal(heldBytes(holding), left);
        } else {
          assert.equal(surenessOf(holding), "at most");
          assert(heldBytes(holding) >= left);
        }
        const last = gone(holding, bytes.length);
        assert.equal(figure(last), "exact 0");
      }
    }),
  );
});
