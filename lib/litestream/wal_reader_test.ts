import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { AppDatabase } from "../../tests/support/app_database.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { frameSize, WAL_HEADER_SIZE } from "./wal.ts";
import { WalReader } from "./wal_reader.ts";

const PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];

for (const pageSize of PAGE_SIZES) {
  Deno.test(`a WAL with pages of ${pageSize} bytes is read to its end`, async () => {
    await using dir = await TempDir.create("wal");
    using app = open(dir, pageSize);
    // Where SQLite had written to after each commit is what a reader must find.
    const ends: number[] = [];
    for (let commit = 0; commit < 12; commit++) {
      app.insert(commit % 4 + 1, 300);
      ends.push(walSize(app));
    }
    using wal = openWal(app);

    assert.equal(wal.header.pageSize, pageSize);
    const frames = await Array.fromAsync(wal.frames());
    const size = frameSize(wal.header);
    assert.equal(WAL_HEADER_SIZE + frames.length * size, ends.at(-1));
    const found = frames.flatMap(({ commit }, index) =>
      commit === 0 ? [] : [WAL_HEADER_SIZE + (index + 1) * size]
    );
    assert.deepEqual(found.slice(-ends.length), ends);
    assert.equal(
      frames.at(-1)?.commit,
      app.get("PRAGMA page_count")?.page_count,
    );
    assert.equal(frames.length, framesBySqlite(app));

    const last = ends.at(-1)!;
    for (let at = WAL_HEADER_SIZE; at <= last; at += size) {
      assert.equal(await wal.hasCommitAfter(at), at < last, `at ${at}`);
      assert.equal(wal.hasFrameBefore(at), true, `before ${at}`);
    }
    assert.equal(wal.hasFrameBefore(last + size), false);
  });
}

Deno.test("frames hold the pages that a checkpoint writes into the database", async () => {
  await using dir = await TempDir.create("wal");
  using app = open(dir);
  app.insert(50, 900);
  app.update(3);
  const pages = new Map<number, Uint8Array>();
  {
    using wal = openWal(app);
    for await (const { pageNumber, page } of wal.frames()) {
      pages.set(pageNumber, page.slice());
    }
  }
  const { path } = app;
  assert(app.checkpoint("TRUNCATE"));
  app.close();

  const file = await Deno.readFile(path);
  assert.equal(pages.size, file.length / 4096);
  for (const [number, page] of pages) {
    assert.deepEqual(
      page,
      file.subarray((number - 1) * 4096, number * 4096),
      `page ${number}`,
    );
  }
});

Deno.test("a byte that changed ends the WAL at its frame", async () => {
  await using dir = await TempDir.create("wal");
  using app = open(dir, 1024);
  for (let commit = 0; commit < 6; commit++) app.insert(2, 700);
  const bytes = await Deno.readFile(`${app.path}-wal`);
  const size = 1024 + 24;
  const count = (bytes.length - WAL_HEADER_SIZE) / size;
  // Page number, commit, both salts, both checksums, and ends of the page.
  const places = [0, 4, 8, 12, 16, 20, 24, size - 1];
  for (let frame = 0; frame < count; frame++) {
    const place = places[frame % places.length]!;
    const start = WAL_HEADER_SIZE + frame * size;
    const altered = bytes.slice();
    altered[start + place]! ^= 1;
    using wal = await walOf(dir, altered);

    assert.equal((await Array.fromAsync(wal.frames())).length, frame);
    const lastCommit = lastCommitBefore(start, bytes, size);
    for (let at = WAL_HEADER_SIZE; at <= start; at += size) {
      assert.equal(
        await wal.hasCommitAfter(at),
        at < lastCommit,
        `frame ${frame}, byte ${place}, from ${at}`,
      );
    }
  }
});

Deno.test("a WAL that was cut off ends with its last whole frame", async () => {
  await using dir = await TempDir.create("wal");
  using app = open(dir, 512);
  app.insert(5, 400);
  const bytes = await Deno.readFile(`${app.path}-wal`);
  const size = 512 + 24;
  for (const less of [1, 23, size - 1, size, size + 1, 3 * size - 7]) {
    using wal = await walOf(dir, bytes.slice(0, -less));
    const whole = Math.floor((bytes.length - less - WAL_HEADER_SIZE) / size);
    assert.equal((await Array.fromAsync(wal.frames())).length, whole);
    const end = WAL_HEADER_SIZE + whole * size;
    assert.equal(wal.hasFrameBefore(end), true);
    assert.equal(wal.hasFrameBefore(end + size), false);
  }
});

Deno.test("frames of an open transaction are no commit", async () => {
  await using dir = await TempDir.create("wal");
  using app = open(dir);
  app.insert(3);
  const end = walSize(app);
  app.run("PRAGMA cache_size = 5");
  app.transaction(() => {
    for (let row = 0; row < 200; row++) {
      app.run(
        "INSERT INTO items(at, name, body) VALUES (1, 'x', zeroblob(3000))",
      );
    }
    assert(walSize(app) > end + 50 * 4120, "nothing was spilled");
  });
  const committed = await Deno.readFile(`${app.path}-wal`);
  // SQLite writes what was spilled as it stands, and the commit as a mark on the
  // last frame: without that, the same bytes are a transaction that is open.
  const spilled = committed.slice(0, -4120);
  using wal = await walOf(dir, spilled);
  assert.equal(await wal.hasCommitAfter(end), false);
  assert.equal(await wal.hasCommitAfter(WAL_HEADER_SIZE), true);
  using whole = await walOf(dir, committed);
  assert.equal(await whole.hasCommitAfter(end), true);
});

Deno.test("a spilled transaction is no commit while it is open, nor when rolled back", async () => {
  await using dir = await TempDir.create("wal");
  using app = open(dir);
  app.insert(3);
  const end = walSize(app);
  using writer = new DatabaseSync(app.path);
  writer.exec("PRAGMA cache_size = 5; BEGIN IMMEDIATE");
  const insert = writer.prepare(
    "INSERT INTO items(at, name, body) VALUES (1, 'x', zeroblob(3000))",
  );
  for (let row = 0; row < 200; row++) insert.run();
  assert(walSize(app) > end + 50 * 4120, "nothing was spilled");
  {
    using wal = openWal(app);
    assert.equal(await wal.hasCommitAfter(end), false);
    assert((await Array.fromAsync(wal.frames(end))).length > 50);
  }
  writer.exec("ROLLBACK");
  using wal = openWal(app);
  assert.equal(await wal.hasCommitAfter(end), false);
  // The next transaction takes the place of the one that was rolled back.
  app.insert(1);
  assert.equal(await wal.hasCommitAfter(end), true);
});

Deno.test("a restarted WAL holds its new frames only", async () => {
  await using dir = await TempDir.create("wal");
  using app = open(dir);
  app.insert(100, 500);
  const old = walSize(app);
  const before = headerOf(app).salt1;
  assert(app.checkpoint("RESTART"));
  app.insert(1);

  assert.equal(walSize(app), old, "SQLite kept the file's size");
  using wal = openWal(app);
  assert.notEqual(wal.header.salt1, before);
  const frames = await Array.fromAsync(wal.frames());
  assert.equal(frames.length, framesBySqlite(app));
  assert(frames.length < 10);
  const end = WAL_HEADER_SIZE + frames.length * frameSize(wal.header);
  assert.equal(wal.hasFrameBefore(end), true);
  assert.equal(wal.hasFrameBefore(end + frameSize(wal.header)), false);
  assert.equal(await wal.hasCommitAfter(end), false);
});

Deno.test("there is no WAL to open where none is, or where it is empty or none", async () => {
  await using dir = await TempDir.create("wal");
  const path = dir.join("app.db");
  assert.equal(WalReader.open(path), null);
  for (const bytes of [0, 31, 32, 5000]) {
    await Deno.writeFile(`${path}-wal`, new Uint8Array(bytes).fill(7));
    assert.equal(WalReader.open(path), null, `${bytes} bytes`);
  }
});

function open(dir: TempDir, pageSize = 4096): AppDatabase {
  return AppDatabase.open(dir.join("app.db"), { pageSize, autoCheckpoint: 0 });
}

function openWal({ path }: AppDatabase): WalReader {
  const wal = WalReader.open(path);
  assert(wal !== null);
  return wal;
}

function headerOf(app: AppDatabase) {
  using wal = openWal(app);
  return wal.header;
}

/** A WAL of these bytes, beside no database. */
async function walOf(dir: TempDir, bytes: Uint8Array): Promise<WalReader> {
  const path = dir.join("altered.db");
  await Deno.writeFile(`${path}-wal`, bytes);
  const wal = WalReader.open(path);
  assert(wal !== null);
  return wal;
}

function walSize({ path }: AppDatabase): number {
  return Deno.statSync(`${path}-wal`).size;
}

/** SQLite's own count of the frames that are committed. */
function framesBySqlite(app: AppDatabase): number {
  return Number(app.get("PRAGMA wal_checkpoint(PASSIVE)")?.log);
}

/** End of the last commit before `limit`, by the marks in the bytes alone. */
function lastCommitBefore(
  limit: number,
  bytes: Uint8Array,
  size: number,
): number {
  const view = new DataView(bytes.buffer);
  let last = 0;
  for (let at = WAL_HEADER_SIZE; at + size <= limit; at += size) {
    if (view.getUint32(at + 4) !== 0) last = at + size;
  }
  return last;
}
