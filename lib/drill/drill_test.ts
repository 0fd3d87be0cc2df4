import assert from "node:assert/strict";
import { fingerprintOf } from "../domain/client.ts";
import { LitestreamError } from "../litestream/litestream_error.ts";
import { factsAt } from "../../tests/support/fake_world.ts";
import { someClient } from "../../tests/support/some_client.ts";
import { drill, type DrillPorts, restoreBoundMs } from "./drill.ts";

const client = someClient({ fingerprint: fingerprintOf(factsAt(1n)) });

/** What restores come to, one after the other: a digest, or why it failed. */
type Outcome = string | Error;

const cases: [
  name: string,
  outcomes: readonly Outcome[],
  expected: {
    result: string | null;
    says?: RegExp;
    checks?: boolean[];
    isGeneral?: boolean;
  },
][] = [
  ["equal", ["live"], { result: "passed", checks: [true] }],
  ["other pages", ["other"], { result: "refuted", says: /not what/ }],
  [
    "it fails twice",
    [failed("no matching backup files available"), failed("bad checksum")],
    { result: "refuted", says: /bad checksum/, checks: [true, true] },
  ],
  [
    "a file was gone for a moment",
    [failed("NoSuchKey"), "live"],
    { result: "passed", checks: [true, true] },
  ],
  [
    "a file ends early, twice",
    [failed(CUT_OFF()), failed(CUT_OFF())],
    { result: "refuted", says: /EOF/ },
  ],
  [
    "a file ends before it begins, twice",
    [failed("decode header: EOF"), failed("decode header: EOF")],
    { result: "refuted", says: /EOF/ },
  ],
  [
    "the bucket was deleted",
    [failed("NoSuchBucket"), failed("NoSuchBucket")],
    { result: "refuted", says: /NoSuchBucket/ },
  ],
  [
    "the store refuses",
    [failed("dial tcp: connection refused")],
    { result: null, says: /refused/, checks: [true], isGeneral: true },
  ],
  [
    "a connection ends early",
    [failed('request send failed, Get "http://x": EOF')],
    { result: null, says: /EOF/, isGeneral: true },
  ],
  [
    "it breaks off, then the store refuses",
    [failed(CUT_OFF()), failed("connection refused")],
    { result: null, says: /refused/ },
  ],
  [
    "credentials may not read",
    [failed("AccessDenied")],
    { result: null, says: /Denied/, isGeneral: true },
  ],
  [
    "there is no way to the store",
    [failed(
      'request send failed, Get "https://x": dial tcp: no route to host',
    )],
    { result: null, says: /no route/ },
  ],
  [
    "the store wants fewer requests",
    [failed("StatusCode: 429")],
    { result: null, says: /429/ },
  ],
  [
    "objects were moved into an archive",
    [
      failed("StatusCode: 403, InvalidObjectState"),
      failed("InvalidObjectState"),
    ],
    { result: "refuted", says: /InvalidObjectState/ },
  ],
  [
    "the disk is full",
    [failed("write: no space left on device")],
    { result: null, says: /no space/ },
  ],
  [
    "Litestream is killed",
    [new Error("Litestream ended: SIGKILL")],
    { result: null, says: /SIGKILL/, checks: [true] },
  ],
  [
    "Litestream is not there",
    [new Deno.errors.NotFound("Failed to spawn")],
    { result: null, says: /spawn/, checks: [true] },
  ],
  [
    "SQLite's check fails, of pages that are equal",
    [failed(BROKEN()), "live"],
    { result: "damaged", says: /wrong # of entries/, checks: [true, false] },
  ],
  [
    "SQLite's check fails, of other pages",
    [failed(BROKEN()), "other"],
    { result: "refuted", says: /not what/ },
  ],
  [
    "SQLite's check cannot run, of pages that are equal",
    [failed("integrity check: no such collation sequence: de"), "live"],
    { result: "passed", checks: [true, false] },
  ],
];

for (const [name, outcomes, expected] of cases) {
  Deno.test(`a drill, ${name}: ${expected.result ?? "says nothing"}`, async () => {
    const { ports, checks } = world(outcomes);
    const found = await drill(client, ports, {
      signal: new AbortController().signal,
      pauseMs: 0,
    });
    assert.equal(found.result, expected.result);
    const says = found.result === null ? found.reason : found.problem;
    if (expected.says) assert.match(says!, expected.says);
    else assert.equal(says, null);
    if (expected.checks) assert.deepEqual(checks, expected.checks);
    if (found.result === null) {
      assert.equal(found.isGeneral, expected.isGeneral ?? true);
    }
  });
}

Deno.test("a database that is written while it is compared is no verdict", async () => {
  const { ports } = world(["other"]);
  let written = false;
  const found = await drill(client, {
    ...ports,
    facts: () => factsAt(written ? 2n : 1n),
    digest: (path, options) => {
      written = true;
      return ports.digest(path, options);
    },
  }, { signal: new AbortController().signal });
  assert.equal(found.result, null);
});

Deno.test("an abort ends a drill with an error, whatever the restore came to", async () => {
  const ending = new AbortController();
  const { ports } = world(["other"]);
  const restore: DrillPorts["restore"] = (...args) => {
    ending.abort();
    return ports.restore(...args);
  };
  await assert.rejects(
    drill(client, { ...ports, restore }, { signal: ending.signal }),
    { name: "AbortError" },
  );
});

Deno.test("a database that cannot be read is no verdict, nor is one with a long WAL", async () => {
  const { ports, checks } = world(["live"]);
  const { signal } = new AbortController();
  const digest: DrillPorts["digest"] = (path, options) =>
    path === client.path ? Promise.resolve(null) : ports.digest(path, options);
  const unread = await drill(client, { ...ports, digest }, { signal });
  assert.equal(unread.result, null);
  const facts = () => ({ ...factsAt(1n), walSize: 65n << 20n });
  const long = await drill(client, { ...ports, facts }, { signal });
  assert.equal(long.result, null);
  assert.equal(checks.length, 1);
});

Deno.test("without room for a copy and for others nothing is restored", async () => {
  const { ports, checks } = world(["live"]);
  const freeBytes = () => 256 << 20;
  const found = await drill(client, { ...ports, freeBytes }, {
    signal: new AbortController().signal,
  });
  assert.equal(found.result, null);
  assert.deepEqual(checks, []);
});

Deno.test("the bound of a restore grows with the database", () => {
  assert.equal(restoreBoundMs(0), 60_000);
  assert.equal(restoreBoundMs(600 << 20), 660_000);
});

function failed(words: string): Error {
  return new LitestreamError(words);
}

/** As Litestream 0.5.17 says them: what restore_test.ts shows it to say. */
function CUT_OFF() {
  return "Error: decode database: decode page 34: read page header 0: read compressed data: unexpected EOF";
}

function BROKEN() {
  return "Error: integrity check failed: wrong # of entries in index items_name";
}

function world(outcomes: readonly Outcome[]) {
  const left = [...outcomes];
  const checks: boolean[] = [];
  const ports: DrillPorts = {
    now: Date.now,
    freeBytes: () => Infinity,
    facts: () => factsAt(1n),
    digest: (path) => Promise.resolve(path === client.path ? "live" : path),
    restore: async (_, { check }, use) => {
      checks.push(check);
      const outcome = left.shift();
      if (typeof outcome === "string") return await use(outcome);
      throw outcome ?? new Error("a restore too many");
    },
  };
  return { ports, checks };
}
