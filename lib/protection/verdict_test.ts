import assert from "node:assert/strict";
import fc from "fast-check";
import { someId } from "../../tests/support/some_client.ts";
import { txidOf } from "../domain/txid.ts";
import type { LogEvent } from "../litestream/log_event.ts";
import { type Verdict, VerdictDesk } from "./verdict.ts";

const id = someId(1);
const NOW = 1_000;
const at = NOW + 1;
const txid = txidOf(5);

const match: LogEvent = { kind: "verify", id, at, saltMatch: true };
const other: LogEvent = { kind: "verify", id, at, saltMatch: false };
const goesOn: LogEvent = { kind: "sync", id, at, txid, snapshot: false };
const snapshot: LogEvent = { kind: "sync", id, at, txid, snapshot: true };
const written: LogEvent = { kind: "synced", id, at };
const error: LogEvent = {
  kind: "error",
  id,
  at,
  message: "sync error: no space",
  hint: "buy some",
};
const stale = (event: LogEvent) => ({ ...event, at: NOW }) as LogEvent;

const failed: Verdict = {
  kind: "failed",
  message: "sync error: no space",
  hint: "buy some",
};

const cases: [name: string, lines: LogEvent[], verdict: Verdict["kind"]][] = [
  ["a new database gets a snapshot", [snapshot, written], "snapshot"],
  ["the WAL is the same", [match, goesOn], "continued"],
  ["another WAL, and a snapshot", [other, snapshot, written], "snapshot"],
  [
    "the same WAL, but a page of it is not, and a snapshot",
    [match, snapshot, written],
    "snapshot",
  ],
  ["another WAL, and it goes on", [other, goesOn], "mismatch"],
  ["it goes on without having looked", [goesOn], "mismatch"],
  [
    "the first look counts, not a later one",
    [other, match, goesOn],
    "mismatch",
  ],
  ["it looks twice", [match, match, goesOn], "continued"],
  ["it cannot begin", [error], "failed"],
  ["it looks, then fails", [match, error], "failed"],
  ["a snapshot that is begun and fails", [other, snapshot, error], "failed"],
  [
    "a snapshot that is begun and never written, then it goes on",
    [match, snapshot, goesOn, written],
    "mismatch",
  ],
  [
    "a snapshot that is begun again",
    [match, snapshot, snapshot, written],
    "snapshot",
  ],
  ["a snapshot that is only begun", [match, snapshot], "silent"],
  ["it only looks", [match], "silent"],
  ["a file is written of which nothing is known", [written], "silent"],
  [
    "an upload tells nothing of the beginning",
    [
      { kind: "uploaded", id, at, level: 0, txid, bytes: 1 },
      { kind: "replica", id, at, replicaTxid: txid, localTxid: txid },
    ],
    "silent",
  ],
  [
    "lines of an earlier registration",
    [stale(match), stale(goesOn), stale(snapshot), stale(written)],
    "silent",
  ],
  ["an error of an earlier registration", [stale(error)], "silent"],
  [
    "an earlier look does not count for a later sync",
    [stale(match), goesOn],
    "mismatch",
  ],
  [
    "an earlier snapshot does not count for a later file",
    [stale(snapshot), written, match, goesOn],
    "continued",
  ],
  [
    "another client's lines",
    [{ ...match, id: someId(2) }, { ...goesOn, id: someId(2) }],
    "silent",
  ],
  [
    "lines that are no client's",
    [{ kind: "notice", message: "x" }, {
      kind: "request",
      method: "PUT",
      client: null,
    }],
    "silent",
  ],
];

for (const [name, lines, kind] of cases) {
  Deno.test(`verdict: ${name}: ${kind}`, async () => {
    const verdict = await judge(lines);
    assert.equal(verdict.kind, kind);
    if (verdict.kind === "failed") assert.deepEqual(verdict, failed);
    if (verdict.kind === "snapshot") assert.equal(verdict.txid, txid);
  });
}

Deno.test("in any order of lines, only a written snapshot or a WAL that matches proves", async () => {
  const line = fc.constantFrom(
    match,
    other,
    goesOn,
    snapshot,
    written,
    error,
    stale(match),
    stale(goesOn),
    stale(snapshot),
    stale(written),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
      const { kind } = await judge(lines);
      const fresh = lines.filter((line) => "at" in line && line.at > NOW);
      const looks = fresh.filter(({ kind }) => kind === "verify");
      if (kind === "continued") {
        assert.equal(looks[0], match);
        const sync = fresh.findIndex(({ kind }) => kind === "sync");
        assert.equal(fresh[sync], goesOn);
        assert(fresh.indexOf(match) < sync);
      }
      if (kind === "snapshot") {
        const begun = fresh.indexOf(snapshot);
        assert(begun >= 0 && fresh.indexOf(written, begun) > begun);
      }
      // An error before anything else ends it.
      if (fresh[0] === error) assert.equal(kind, "failed");
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("no verdict in time is silence", async () => {
  const desk = new VerdictDesk();
  assert.deepEqual(await desk.expect(id, { timeoutMs: 5, now: NOW }), {
    kind: "silent",
  });
  assert.equal(desk.awaits(id), false);
});

Deno.test("a daemon that ends takes every verdict with it", async () => {
  const desk = new VerdictDesk();
  const verdicts = [1, 2, 3].map((number) =>
    desk.expect(someId(number), { timeoutMs: 60_000, now: NOW })
  );
  assert(desk.awaits(someId(2)));
  desk.hear(match);
  desk.close();
  for (const verdict of verdicts) {
    assert.deepEqual(await verdict, { kind: "down" });
  }
  assert.equal(desk.awaits(someId(2)), false);
});

Deno.test("a second registration begins anew, with nothing of the first", async () => {
  const desk = new VerdictDesk();
  const first = desk.expect(id, { timeoutMs: 60_000, now: NOW });
  desk.hear(match);
  const second = desk.expect(id, { timeoutMs: 60_000, now: NOW });
  assert.deepEqual(await first, { kind: "silent" });
  assert(desk.awaits(id));
  desk.hear(goesOn);
  assert.deepEqual(await second, { kind: "mismatch" });
});

Deno.test("a registration that failed is waited for no longer", async () => {
  const desk = new VerdictDesk();
  const verdict = desk.expect(id, { timeoutMs: 60_000, now: NOW });
  desk.cancel(id);
  assert.deepEqual(await verdict, { kind: "silent" });
  assert.equal(desk.awaits(id), false);
  desk.cancel(id);
  desk.hear(goesOn);
});

/** What is said of these lines; silent as soon as they are heard without a verdict. */
async function judge(lines: readonly LogEvent[]): Promise<Verdict> {
  const desk = new VerdictDesk();
  const verdict = desk.expect(id, { timeoutMs: 60_000, now: NOW });
  for (const line of lines) desk.hear(line);
  desk.cancel(id);
  return await verdict;
}
