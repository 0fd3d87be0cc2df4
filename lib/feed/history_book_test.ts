import assert from "node:assert/strict";
import { someClient, someId } from "../../tests/support/some_client.ts";
import type { Client } from "../domain/client.ts";
import { HistoryBook } from "./history_book.ts";

const NOW = 1_000_000;
const known = someClient();

const cases: [
  name: string,
  before: Client | null,
  after: Client | null,
  told: [kind: string, text: string][],
][] = [
  ["a new file", null, known, [["found", `Found at ${known.path}`]]],
  [
    "a file that an earlier run knew is no news until it is found",
    null,
    someClient({ presence: "gone" }),
    [],
  ],
  [
    "it is found again",
    someClient({ presence: "gone" }),
    known,
    [["found", `Found at ${known.path}`]],
  ],
  [
    "a lost file",
    known,
    someClient({ presence: "gone" }),
    [["lost", "The file is gone"]],
  ],
  ["it is forgotten", someClient({ presence: "gone" }), null, []],
  ["nothing happened", known, known, []],
  [
    "a write",
    known,
    someClient({ changeSeq: 2 }),
    [["changed", "Its files changed"]],
  ],
  [
    "the same failure of another request",
    someClient({
      error: { message: "404, RequestID: 18EA, HostID: x", hint: null, at: 1 },
    }),
    someClient({
      error: { message: "404, RequestID: 77BC, HostID: x", hint: null, at: 2 },
    }),
    [],
  ],
  [
    "it was given to Litestream",
    someClient({ activity: "waking" }),
    someClient({ activity: "awake" }),
    [["woken", "Given to Litestream"]],
  ],
  [
    "it was let go",
    someClient({ activity: "drowsing" }),
    someClient({ activity: "asleep" }),
    [["asleep", "Let go by Litestream"]],
  ],
  [
    "waking that ends in sleep is no news",
    someClient({ activity: "waking" }),
    someClient({ activity: "asleep" }),
    [],
  ],
  [
    "an error",
    known,
    someClient({ error: { message: "no bucket", hint: null, at: NOW } }),
    [["error", "no bucket"]],
  ],
  [
    "the same error again",
    someClient({ error: { message: "no bucket", hint: null, at: 1 } }),
    someClient({ error: { message: "no bucket", hint: null, at: NOW } }),
    [],
  ],
  [
    "another error",
    someClient({ error: { message: "no bucket", hint: null, at: 1 } }),
    someClient({ error: { message: "no key", hint: null, at: NOW } }),
    [["error", "no key"]],
  ],
  [
    "the guard waits",
    known,
    someClient({ blocked: "locked" }),
    [["error", "locked"]],
  ],
  [
    "it waits still",
    someClient({ blocked: "a" }),
    someClient({ blocked: "a" }),
    [],
  ],
];

for (const [name, before, after, told] of cases) {
  Deno.test(`history: ${name}`, () => {
    const book = new HistoryBook();
    book.note(after, before, NOW);
    assert.deepEqual(
      book.read(known.id),
      told.map(([kind, text]) => ({ at: NOW, kind, text })),
    );
  });
}

Deno.test("writes in a row are told as one, until ten seconds passed", () => {
  const book = new HistoryBook();
  const write = (at: number) =>
    book.note(someClient({ changeSeq: at }), someClient({ changeSeq: 0 }), at);
  for (const at of [1_000, 2_000, 11_000, 11_001, 12_000]) write(at);
  assert.deepEqual(book.read(known.id).map(({ at }) => at), [1_000, 11_001]);
  // Something else happened: the next write is news again.
  book.write(known.id, { at: 12_500, kind: "uploaded", text: "x" });
  write(12_600);
  assert.equal(book.read(known.id).length, 4);
});

Deno.test("of a client the last 200 entries are kept", () => {
  const book = new HistoryBook();
  for (let at = 1; at <= 500; at++) {
    book.write(known.id, { at, kind: "uploaded", text: "x" });
  }
  const entries = book.read(known.id);
  assert.equal(entries.length, 200);
  assert.deepEqual([entries[0]?.at, entries.at(-1)?.at], [301, 500]);
});

Deno.test("the 2,000 clients to which something happened last are kept", () => {
  const book = new HistoryBook();
  for (let number = 1; number <= 2_000; number++) {
    book.write(someId(number), { at: number, kind: "found", text: "x" });
  }
  book.write(someId(1), { at: 3_000, kind: "lost", text: "x" });
  book.write(someId(2_001), { at: 3_001, kind: "found", text: "x" });
  assert.equal(book.read(someId(2)).length, 0);
  assert.equal(book.read(someId(1)).length, 2);
  assert.equal(book.read(someId(3)).length, 1);
  assert.equal(book.read(someId(2_001)).length, 1);
});
