import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DATABASE_EXTENSIONS,
  databaseStem,
  parseClientId,
} from "./client_id.ts";

Deno.test("every UUID is an id, in whatever case, and is told in lower case", () => {
  fc.assert(
    fc.property(fc.uuid(), fc.array(fc.boolean()), (uuid, upper) => {
      const mixed = [...uuid].map((digit, index) =>
        upper[index % (upper.length || 1)] ? digit.toUpperCase() : digit
      ).join("");
      assert.equal(parseClientId(mixed), uuid);
      assert.equal(parseClientId(parseClientId(mixed)!), uuid);
    }),
  );
});

Deno.test("what differs from a UUID in one place is none", () => {
  const place = fc.nat(35);
  fc.assert(
    fc.property(
      fc.uuid(),
      place,
      fc.string({ maxLength: 2 }),
      (uuid, at, text) => {
        const altered = uuid.slice(0, at) + text + uuid.slice(at + 1);
        const isDigit = /^[0-9a-f]$/i.test(text) && uuid[at] !== "-";
        const same = text === uuid[at];
        assert.equal(parseClientId(altered) !== null, isDigit || same, altered);
      },
    ),
    { numRuns: 1_000 },
  );
});

const none = [
  "",
  "nonsense",
  "{00000000-0000-4000-8000-000000000001}",
  "00000000-0000-4000-8000-000000000001\n",
  " 00000000-0000-4000-8000-000000000001",
  "00000000000040008000000000000001",
  "00000000-0000-4000-8000-00000000000g",
  "٠0000000-0000-4000-8000-000000000001",
];
for (const text of none) {
  Deno.test(`no id: ${JSON.stringify(text)}`, () => {
    assert.equal(parseClientId(text), null);
  });
}

Deno.test("a database's name is what stands before its ending", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.constantFrom(...DATABASE_EXTENSIONS),
      (stem, ending) => assert.equal(databaseStem(stem + ending), stem),
    ),
  );
  for (
    const name of [
      "a.db-wal",
      "a.db-shm",
      "a.txt",
      "db",
      "a.DB",
      ".a.db-litestream",
    ]
  ) {
    assert.equal(databaseStem(name), null);
  }
});
