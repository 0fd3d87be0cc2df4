import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { replicateOnce } from "../../tests/support/replicated.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { LTX_HEADER_SIZE, parseLtxHeader } from "./ltx_header.ts";
import { txidOf } from "./txid.ts";

Deno.test("parseLtxHeader() reads what Litestream wrote", async () => {
  await using dir = await TempDir.create("ltx");
  const dbPath = dir.join("app.db");
  using db = new DatabaseSync(dbPath);
  db.exec("PRAGMA page_size = 1024; PRAGMA journal_mode = wal");
  db.exec("CREATE TABLE t(v); INSERT INTO t VALUES (zeroblob(5000))");
  const url = `file://${dir.join("replica")}`;
  const from = Date.now();
  await replicateOnce({ dbPath, url, dir: dir.path });
  const pages = db.prepare("PRAGMA page_count").get()?.["page_count"];
  db.exec("INSERT INTO t VALUES (1)");
  await replicateOnce({ dbPath, url, dir: dir.path });

  const wal = new DataView((await Deno.readFile(`${dbPath}-wal`)).buffer);
  const read = async (name: string) =>
    parseLtxHeader(
      await Deno.readFile(dir.join(".app.db-litestream/ltx/0", `${name}.ltx`)),
    );
  const one = txidOf(1), two = txidOf(2);
  const first = await read(`${one}-${one}`);
  const second = await read(`${two}-${two}`);

  assert.equal(first.pageSize, 1024);
  assert.equal(first.commit, pages);
  assert.deepEqual([first.minTxid, first.maxTxid], [one, one]);
  assert.deepEqual([second.minTxid, second.maxTxid], [two, two]);
  assert.ok(from <= first.timestampMs);
  assert.ok(first.timestampMs <= second.timestampMs);
  assert.ok(second.timestampMs <= Date.now());
  for (const header of [first, second]) {
    assert.equal(header.salt1, wal.getUint32(16));
    assert.equal(header.salt2, wal.getUint32(20));
  }
  // The second continues where the first ended, up to the end of the WAL.
  assert.equal(second.walOffset, first.walOffset + first.walSize);
  assert.equal(second.walOffset + second.walSize, wal.byteLength);
});

Deno.test("parseLtxHeader() refuses what is no LTX file", () => {
  assert.throws(
    () => parseLtxHeader(new Uint8Array(99)),
    /99 bytes, expected at least 100/,
  );
  assert.throws(
    () => parseLtxHeader(new Uint8Array(LTX_HEADER_SIZE)),
    /magic "0x00000000", expected "LTX1"/,
  );
});
