import assert from "node:assert/strict";
import { Bell } from "./bell.ts";
import { classifyName } from "./file_name.ts";
import { headerProblem } from "./sqlite_header.ts";
import { DATABASE_BYTES, uuid } from "./testing.ts";
import { type DiscoveryTrouble, Troubles } from "./troubles.ts";

const U = uuid(0xabc);

for (
  const [name, kind] of [
    [`${U}.db`, "database"],
    [`${U.toUpperCase()}.sqlite3`, "database"],
    [`${U}.sqlite`, "database"],
    [`${U}.DB`, "other"],
    [`${U}.db-wal`, "wal"],
    [`${U}.db-shm`, "skipped"],
    [`${U}.db-journal`, "skipped"],
    [`.${U}.db`, "skipped"],
    [`.${U}.db-litestream`, "skipped"],
    [`${U}`, "other"],
    [`${U}-wal`, "other"],
    [`${U}.db.tmp`, "other"],
    [`x${U}.db`, "stranger"],
    ["customers.db", "stranger"],
    [".db", "skipped"],
    ["", "other"],
  ] as const
) {
  Deno.test(`the name "${name}" is of kind ${kind}`, () => {
    const result = classifyName(name);
    assert.equal(result.kind, kind);
    if (result.kind === "database") assert.equal(result.id, U);
    if (result.kind === "wal") assert.equal(result.database, `${U}.db`);
  });
}

Deno.test("only a whole header with a page size of SQLite's is one", () => {
  const header = DATABASE_BYTES.slice(0, 100);
  const withPageSize = (high: number, low: number) => {
    const bytes = header.slice();
    bytes.set([high, low], 16);
    return headerProblem(bytes);
  };
  assert.equal(headerProblem(header), null);
  assert.equal(withPageSize(0x02, 0x00), null); // 512
  assert.equal(withPageSize(0x80, 0x00), null); // 32,768
  assert.equal(withPageSize(0x00, 0x01), null); // 65,536
  for (const [high, low] of [[0, 0], [1, 0], [3, 0], [0x10, 1], [0, 2]]) {
    assert.equal(withPageSize(high!, low!), "not a SQLite database");
  }
  for (const size of [1, 15, 16, 99]) {
    assert.match(headerProblem(header.subarray(0, size))!, /^half a header/);
  }
  assert.match(headerProblem(new Uint8Array(100))!, /^no header yet/);
  assert.match(headerProblem(new Uint8Array())!, /^empty/);
});

Deno.test("trouble is told once, again when it changes, and when it is over", () => {
  const told: DiscoveryTrouble[] = [];
  const troubles = new Troubles((trouble) => told.push(trouble));
  troubles.clear("/a");
  troubles.report("/a", "gone", null);
  troubles.report("/a", "gone", null);
  troubles.report("/a", "unreadable", "chmod it");
  troubles.clear("/a");
  troubles.clear("/a");
  assert.deepEqual(told, [
    { subject: "/a", message: "gone", hint: null },
    { subject: "/a", message: "unreadable", hint: "chmod it" },
    { subject: "/a", cleared: true },
  ]);
  for (let i = 0; i < 1_000; i++) troubles.report(`/${i}`, "gone", null);
  assert.equal(told.length, 103);
});

Deno.test("a bell is heard once, also when it rang before", async () => {
  const bell = new Bell();
  const { signal } = new AbortController();
  bell.ring();
  bell.ring();
  await bell.wait({ signal });
  let heard = false;
  const waiting = bell.wait({ signal }).then(() => heard = true);
  await Promise.resolve();
  assert.equal(heard, false);
  bell.ring();
  await waiting;
  await bell.wait({ signal, ms: 1 });
  await bell.wait({ signal: AbortSignal.abort() });
});
