import assert from "node:assert/strict";
import fc from "fast-check";
import { type LogEvent, parseLogLine } from "./log_event.ts";

const ID = "31111111-2222-4333-8444-555555555555";
const AT = Date.parse("2026-11-22T14:58:03.764Z");

/** As Litestream 0.5.17 wrote them; what each says. */
const golden: [line: string, event: LogEvent | null][] = [
  [
    `{"time":"2026-11-22T14:57:47.227489745Z","level":"INFO","msg":"litestream","version":"0.5.17","level":"debug"}`,
    null,
  ],
  [
    `{"time":"2026-11-22T14:57:47.227576169Z","level":"ERROR","msg":"no databases specified in configuration"}`,
    null,
  ],
  [
    `{"time":"2026-11-22T14:57:47.228255058Z","level":"INFO","msg":"control socket listening","system":"server","path":"/run/s.sock"}`,
    null,
  ],
  [`rss-pages 7754`, { kind: "memory", rssBytes: 7754 * 4096 }],
  [`rss-pages `, null],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"verify","system":"store","db":"${ID}.db","saltMatch":true,"prevWALOffset":20632}`,
    { kind: "verify", id: id(), at: AT, saltMatch: true },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"verify","system":"store","db":"${ID}.db","saltMatch":false,"atWALHeader":true}`,
    { kind: "verify", id: id(), at: AT, saltMatch: false },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"verify.2","system":"store","db":"${ID}.db","lastPageMatch":true}`,
    null,
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"sync","system":"store","db":"${ID}.db","txid":"0000000000000001","offset":32,"snap":"true"}`,
    { kind: "sync", id: id(), at: AT, txid: txid(1), snapshot: true },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"sync","system":"store","db":"${ID}.db","txid":"000000000000000a","offset":24752}`,
    { kind: "sync", id: id(), at: AT, txid: txid(10), snapshot: false },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"sync","system":"store","db":"${ID}.db","txid":"0000000000000003","offset":28872,"snap":"true","reason":"wal truncated by another process"}`,
    { kind: "sync", id: id(), at: AT, txid: txid(3), snapshot: true },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"sync: no database found","system":"store","db":"${ID}.db"}`,
    null,
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"db sync","system":"store","db":"${ID}.db","status":"ok"}`,
    { kind: "synced", id: id(), at: AT },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"replica sync","system":"store","db":"${ID}.db","replica":"s3","txid":{"replica":"0000000000000000","db":"0000000000000001"}}`,
    {
      kind: "replica",
      id: id(),
      at: AT,
      replicaTxid: txid(0),
      localTxid: txid(1),
    },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"ltx file uploaded","system":"store","db":"${ID}.db","replica":"s3","level":0,"minTXID":"0000000000000001","maxTXID":"0000000000000001","size":566}`,
    {
      kind: "uploaded",
      id: id(),
      at: AT,
      level: 0,
      txid: txid(1),
      bytes: 566,
    },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"s3 request","system":"store","db":"${ID}.db","replica":"s3","s3":{"method":"PUT","url":"http://127.0.0.1:8333/backups/q/0000/0000000000000001-0000000000000001.ltx?x-id=PutObject","x-tigris-consistent":""}}`,
    { kind: "request", method: "PUT", client: id() },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"s3 request","system":"store","db":"${ID}.db","replica":"s3","s3":{"method":"GET","url":"http://127.0.0.1:8333/backups?list-type=2\\u0026prefix=q%2F0000%2F","x-tigris-consistent":""}}`,
    { kind: "request", method: "LIST", client: id() },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"s3 request","system":"store","db":"${ID}.db","replica":"s3","s3":{"method":"GET","url":"http://127.0.0.1:8333/backups/list-type=2/0000/0000000000000001-0000000000000001.ltx?x-id=GetObject","x-tigris-consistent":""}}`,
    { kind: "request", method: "GET", client: id() },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"s3 request","system":"store","db":"${ID}.db","replica":"s3","s3":{"method":"POST","url":"http://127.0.0.1:8333/backups?delete=","x-tigris-consistent":""}}`,
    { kind: "request", method: "POST", client: id() },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"s3 request","system":"store","db":"app.db","replica":"s3","s3":{"method":"PUT","url":"http://127.0.0.1:8333/backups/q","x-tigris-consistent":""}}`,
    { kind: "request", method: "PUT", client: null },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"INFO","msg":"compaction complete","system":"store","db":"${ID}.db","level":1,"txid":{"min":"0000000000000001","max":"000000000000000a"},"size":13077}`,
    {
      kind: "compacted",
      id: id(),
      at: AT,
      level: 1,
      txid: txid(10),
      bytes: 13077,
    },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"INFO","msg":"snapshot complete","system":"store","db":"${ID}.db","txid":"000000000000000a","size":20501}`,
    {
      kind: "compacted",
      id: id(),
      at: AT,
      level: 9,
      txid: txid(10),
      bytes: 20501,
    },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"deleting ltx file","system":"store","db":"${ID}.db","replica":"s3","s3":{"level":0,"minTXID":"0000000000000002","maxTXID":"0000000000000003","key":"databases/${ID}/0000/0000000000000002-0000000000000003.ltx"}}`,
    { kind: "deleting", id: id(), at: AT, level: 0, txid: txid(3) },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"deleting ltx file","system":"store","db":"${ID}.db","replica":"file","file":{"level":9,"minTXID":"0000000000000001","maxTXID":"0000000000000003","path":"/srv/databases/${ID}/ltx/9/0000000000000001-0000000000000003.ltx"}}`,
    { kind: "deleting", id: id(), at: AT, level: 9, txid: txid(3) },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"DEBUG","msg":"deleting expired local l0 file","system":"store","db":"${ID}.db","minTXID":"0000000000000001","maxTXID":"0000000000000001","path":"/data/0/0000000000000001-0000000000000001.ltx"}`,
    null,
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"ERROR","msg":"sync error","system":"store","db":"${ID}.db","error":"file is not a database (26)","consecutive_errors":1,"backoff":1000000000}`,
    {
      kind: "error",
      id: id(),
      at: AT,
      message: "sync error: file is not a database (26)",
      hint: null,
    },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"ERROR","msg":"compaction failed","system":"store","db":"${ID}.db","level":1,"error":"fetch dst level info: cannot determine L1 max ltx file for \\"/data/x.db\\": StatusCode: 404, NoSuchBucket: The specified bucket does not exist"}`,
    {
      kind: "error",
      id: id(),
      at: AT,
      message:
        `compaction failed: fetch dst level info: cannot determine L1 max ltx file for "/data/x.db": StatusCode: 404, NoSuchBucket: The specified bucket does not exist`,
      hint: null,
    },
  ],
  [
    `{"time":"2026-11-22T14:58:03.764977367Z","level":"WARN","msg":"slow disk","system":"store","error":"disk sleeps"}`,
    { kind: "notice", message: "slow disk: disk sleeps" },
  ],
];

for (const [line, event] of golden) {
  Deno.test(`log line: ${line.slice(0, 200)}`, () => {
    assert.deepEqual(parseLogLine(line), event);
  });
}

Deno.test("verify and sync are passed over for who waits for no verdict", () => {
  for (const [line, event] of golden) {
    const everySecond = event?.kind === "verify" || event?.kind === "sync";
    assert.deepEqual(
      parseLogLine(line, () => false),
      everySecond ? null : event,
      line,
    );
  }
});

Deno.test("the database's ending does not matter, its name does", () => {
  const line = (db: string) =>
    `{"time":"2026-11-22T14:58:03.764Z","level":"DEBUG","msg":"db sync","db":"${db}","status":"ok"}`;
  for (const ending of [".db", ".sqlite", ".sqlite3"]) {
    assert.deepEqual(parseLogLine(line(ID.toUpperCase() + ending)), {
      kind: "synced",
      id: id(),
      at: AT,
    });
  }
  for (const name of ["app.db", `${ID}.txt`, "", `${ID}.db-wal`]) {
    assert.equal(parseLogLine(line(name)), null);
  }
});

const lines = golden.map(([line]) => line);

Deno.test("a line that is cut off anywhere tells nothing false", () => {
  for (const [line, event] of golden) {
    // What is known from the text alone is known before the line ends.
    if (
      event === null ||
      ["memory", "request", "notice", "deleting"].includes(event.kind)
    ) {
      continue;
    }
    for (let length = 0; length < line.length; length++) {
      const cut = parseLogLine(line.slice(0, length));
      // Cut within its name, it cannot be told whose line it is.
      if (cut?.kind === "notice") continue;
      assert.equal(cut, null, line.slice(0, length));
    }
  }
});

Deno.test("no line makes the parser throw, and what it tells is whole", () => {
  const field = fc.constantFrom(
    "time",
    "level",
    "msg",
    "db",
    "txid",
    "snap",
    "status",
    "maxTXID",
    "size",
    "error",
    "hint",
    "s3",
    "method",
    "saltMatch",
  );
  const known = fc.constantFrom(
    "verify",
    "sync",
    "db sync",
    "replica sync",
    "ltx file uploaded",
    "s3 request",
    "sync error",
    "ERROR",
    "WARN",
    "DEBUG",
    `${ID}.db`,
    "0000000000000001",
    "ok",
    "true",
    "2026-11-22T14:58:03Z",
  );
  const value = fc.oneof(
    { weight: 3, arbitrary: known },
    fc.jsonValue(),
    fc.constant({ toString: 1, valueOf: 1 }),
    fc.constant({ replica: { toString: null }, db: 1 }),
  );
  const record = fc.array(fc.tuple(field, value), { maxLength: 16 })
    .map((fields) => JSON.stringify(Object.fromEntries(fields)));
  const altered = fc.tuple(
    fc.constantFrom(...lines),
    fc.nat(),
    fc.string({ maxLength: 8 }),
    fc.nat(12),
  )
    .map(([line, at, text, less]) => {
      const from = at % line.length;
      return line.slice(0, from) + text + line.slice(from + less);
    });
  fc.assert(
    fc.property(fc.oneof(record, altered, fc.string(), fc.json()), (line) => {
      const event = parseLogLine(line);
      if (event === null) return;
      if ("at" in event) assert(Number.isFinite(event.at), line);
      if ("txid" in event) assert.match(event.txid, /^[0-9a-f]{16}$/);
      if (event.kind === "uploaded") {
        assert(Number.isFinite(event.level + event.bytes), line);
      }
    }),
    { numRuns: 5_000 },
  );
});

function id() {
  return ID as Extract<LogEvent, { kind: "synced" }>["id"];
}

function txid(number: number) {
  const text = number.toString(16).padStart(16, "0");
  return text as Extract<LogEvent, { kind: "sync" }>["txid"];
}
