import fc from "fast-check";
import assert from "node:assert/strict";
import { parseClientId } from "../domain/client_id.ts";
import { txidOf } from "../domain/txid.ts";
import { restoreCommand, shellQuote } from "./command.ts";

const id = parseClientId("00000000-0000-4000-8000-000000000001")!;
const bucket = {
  kind: "s3",
  bucket: "backups",
  prefix: "databases",
  endpoint: null,
  region: null,
} as const;

Deno.test("restoreCommand() words what is wanted", () => {
  assert.equal(
    restoreCommand(bucket, id, { out: "restored.db", txid: txidOf(26) }),
    `litestream restore -o restored.db -txid 000000000000001a s3://backups/databases/${id}`,
  );
  assert.equal(
    restoreCommand(bucket, id, { out: "restored.db" }),
    `litestream restore -o restored.db s3://backups/databases/${id}`,
  );
  assert.equal(
    restoreCommand(bucket, id, { out: "a b.db", before: 1.7e12 }),
    `litestream restore -o 'a b.db' -timestamp 2023-11-14T22:13:20.000Z s3://backups/databases/${id}`,
  );
  assert.equal(
    restoreCommand({ ...bucket, endpoint: "http://localhost:9000" }, id, {
      out: "restored.db",
    }),
    `litestream restore -o restored.db 's3://backups/databases/${id}?endpoint=http%3A%2F%2Flocalhost%3A9000&forcePathStyle=true'`,
  );
  assert.equal(
    restoreCommand({ kind: "file", root: "/it's", prefix: "x" }, id, {
      out: "restored.db",
    }),
    `litestream restore -o restored.db 'file:///it'\\''s/x/${id}'`,
  );
});

Deno.test("a shell reads quoted words back unchanged", async () => {
  const words = fc.sample(
    fc.string({ unit: "grapheme", maxLength: 12 })
      .filter((word) => !word.includes("\0")),
    { numRuns: 300, seed: 42 },
  ).concat("", "~", "$HOME", "a'b", "`id`", '"', "\\", "a\nb", "#x", "*", "!!");
  const { stdout, success } = await new Deno.Command("sh", {
    args: ["-c", `printf '%s\\0' ${words.map(shellQuote).join(" ")}`],
  }).output();
  assert.ok(success);
  assert.deepEqual(
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(stdout)
      .split("\0").slice(0, -1),
    words,
  );
});
