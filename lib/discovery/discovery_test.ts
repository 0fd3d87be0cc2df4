import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { readFacts } from "./file_facts.ts";
import { fingerprintOf } from "../domain/client.ts";
import { Discovery, type DiscoveryOptions } from "./discovery.ts";
import {
  DATABASE_BYTES,
  TempFolder,
  Told,
  until,
  uuid,
  writeDatabase,
} from "./testing.ts";

/** Long enough that in a test only hints can be quick. */
const NO_SWEEP = 3_600_000;

type Options = Partial<DiscoveryOptions> & { readonly dirs?: string[] };

async function watching(
  root: TempFolder,
  use: (told: Told, discovery: Discovery) => Promise<void>,
  { dirs = [root.path], ...options }: Options = {},
) {
  const told = new Told();
  const ending = new AbortController();
  await using discovery = await Discovery.start({
    watchDirs: dirs,
    signal: ending.signal,
    sweepMs: NO_SWEEP,
    onEvents: told.onEvents,
    onTrouble: told.onTrouble,
    ...options,
  });
  await use(told, discovery);
}

Deno.test("what is there is told before start resolves", async () => {
  using root = new TempFolder();
  Deno.mkdirSync(root.at("a", "b"), { recursive: true });
  Deno.mkdirSync(root.at(".hidden"));
  const taken = [
    writeDatabase(root.at(`${uuid(1)}.db`)),
    writeDatabase(root.at("a", `${uuid(2).toUpperCase()}.sqlite`)),
    writeDatabase(root.at("a", "b", `${uuid(3)}.sqlite3`)),
  ].sort();
  writeDatabase(root.at(".hidden", `${uuid(4)}.db`));
  Deno.writeTextFileSync(root.at("notes.txt"), "nothing");
  await watching(root, (told, discovery) => {
    assert.deepEqual(told.paths, taken);
    assert.equal(discovery.ignoredCount, 0);
    assert.deepEqual([...told.troubles], []);
    return Promise.resolve();
  });
});

const IGNORED: [name: string, make: (path: string) => void, reason: RegExp][] =
  [
    [
      `${uuid(1)}.db`,
      (path) =>
        Deno.writeTextFileSync(path, "I am a text file, and not a short one"),
      /^not a SQLite database$/,
    ],
    [
      `${uuid(1)}.db`,
      (path) => Deno.writeFileSync(path, new Uint8Array()),
      /^empty: waiting/,
    ],
    [
      `${uuid(1)}.db`,
      (path) => Deno.writeFileSync(path, DATABASE_BYTES.subarray(0, 60)),
      /^half a header: waiting/,
    ],
    [
      `${uuid(1)}.db`,
      (path) => Deno.writeFileSync(path, new Uint8Array(4096)),
      /^no header yet: waiting/,
    ],
    [`${uuid(1)}.db`, (path) => {
      const spoilt = DATABASE_BYTES.slice();
      spoilt.set([0, 3], 16);
      Deno.writeFileSync(path, spoilt);
    }, /^not a SQLite database$/],
    ["customers.db", (path) => writeDatabase(path), /^not named after a UUID$/],
    [
      `${uuid(1)}x.sqlite`,
      (path) => writeDatabase(path),
      /^not named after a UUID$/,
    ],
    [
      `${uuid(1)}.db`,
      (path) => Deno.symlinkSync("/etc/hostname", path),
      /^symbolic link: not followed$/,
    ],
    [
      "elsewhere",
      (path) => Deno.symlinkSync("/tmp", path),
      /^symbolic link to a folder/,
    ],
    [`${uuid(1)}.db`, (path) => {
      new Deno.Command("mkfifo", { args: [path] }).outputSync();
    }, /^not a regular file$/],
  ];

for (const [i, [name, make, reason]] of IGNORED.entries()) {
  Deno.test(`ignored ${i}: ${name}, ${reason.source}`, async () => {
    using root = new TempFolder();
    make(root.at(name));
    writeDatabase(root.at(`${uuid(99)}.db`));
    await watching(root, async (told, discovery) => {
      assert.deepEqual(told.paths, [root.at(`${uuid(99)}.db`)]);
      const [first, ...rest] = discovery.ignored();
      assert.deepEqual(rest, []);
      assert.equal(first?.path, root.at(name));
      assert.match(first.reason, reason);
      Deno.removeSync(root.at(name));
      await discovery.rescan();
      assert.equal(discovery.ignoredCount, 0);
      assert.deepEqual(discovery.ignored(), []);
    });
  });
}

for (
  const [what, openWatcher] of [
    ["by hints", undefined],
    ["by sweeps alone", () => ({ problem: "none here", hint: "none" })],
  ] as const
) {
  const options: Options = openWatcher === undefined
    ? {}
    : { openWatcher, sweepMs: 50 };

  Deno.test(`created, written, renamed and deleted, ${what}`, async () => {
    using root = new TempFolder();
    const [a, b] = [root.at(`${uuid(1)}.db`), root.at(`${uuid(2)}.db`)];
    await watching(root, async (told) => {
      writeDatabase(a);
      await until("found", () => told.facts.has(a));
      Deno.utimeSync(a, 1, 1);
      Deno.writeFileSync(a, new Uint8Array(4096), { append: true });
      await until(
        "changed",
        () => told.facts.get(a)!.size === BigInt(DATABASE_BYTES.length + 4096),
      );
      Deno.renameSync(a, b);
      await until("renamed", () => told.facts.has(b) && !told.facts.has(a));
      Deno.removeSync(b);
      await until("deleted", () => told.facts.size === 0);
    }, options);
  });

  Deno.test(`a write to the WAL of a database of SQLite's own, ${what}`, async () => {
    using root = new TempFolder();
    const path = root.at(`${uuid(1)}.db`);
    using database = new DatabaseSync(path);
    database.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (x)");
    const mayOpen = () => false;
    const bytes = Deno.readFileSync(path);
    // Read before: no connection is open on the copy.
    const copy = root.at(`${uuid(2)}.db`);
    Deno.writeFileSync(copy, bytes);
    await watching(root, async (told) => {
      await until("found", () => told.facts.has(copy));
      using writer = new DatabaseSync(copy);
      writer.exec("CREATE TABLE IF NOT EXISTS u (x); INSERT INTO u VALUES (1)");
      const same = () =>
        fingerprintOf(told.facts.get(copy)!) ===
          fingerprintOf(readFacts(copy)!);
      await until(
        "the WAL's growth",
        () => same() && told.facts.get(copy)!.walSize > 0n,
      );
      writer.exec("INSERT INTO u VALUES (2); PRAGMA wal_checkpoint(TRUNCATE)");
      await until(
        "the checkpoint",
        () => same() && told.facts.get(copy)!.walSize === 0n,
      );
    }, { ...options, mayOpen: (file) => file === path ? mayOpen() : true });
  });

  Deno.test(`a file that becomes a database, ${what}`, async () => {
    using root = new TempFolder();
    const path = root.at(`${uuid(1)}.db`);
    Deno.writeFileSync(path, new Uint8Array());
    await watching(root, async (told, discovery) => {
      assert.match(discovery.ignored()[0]!.reason, /^empty/);
      Deno.writeFileSync(path, DATABASE_BYTES.subarray(0, 40));
      await until("half", () => /^half/.test(discovery.ignored()[0]!.reason));
      Deno.writeFileSync(path, DATABASE_BYTES);
      await until("whole", () => told.facts.has(path));
      assert.equal(discovery.ignoredCount, 0);
      Deno.writeTextFileSync(
        path,
        "spoilt by a text that is longer than a header, so that nobody waits for more of it: it is just wrong",
      );
      await until("spoilt", () => !told.facts.has(path));
      assert.match(discovery.ignored()[0]!.reason, /^not a SQLite/);
    }, options);
  });

  Deno.test(`folders made, moved in, renamed and moved out, ${what}`, async () => {
    using root = new TempFolder();
    using outside = new TempFolder();
    Deno.mkdirSync(outside.at("tenant", "deep"), { recursive: true });
    writeDatabase(outside.at("tenant", `${uuid(1)}.db`));
    writeDatabase(outside.at("tenant", "deep", `${uuid(2)}.db`));
    await watching(root, async (told) => {
      Deno.renameSync(outside.at("tenant"), root.at("tenant"));
      await until("moved in", () => told.facts.size === 2);
      Deno.renameSync(root.at("tenant"), root.at("renamed"));
      await until(
        "renamed",
        () =>
          told.paths.join() ===
            [
              root.at("renamed", `${uuid(1)}.db`),
              root.at("renamed", "deep", `${uuid(2)}.db`),
            ].join(),
      );
      // The watch went with the folder to its new name.
      writeDatabase(root.at("renamed", "deep", `${uuid(3)}.db`));
      await until("new in the renamed", () => told.facts.size === 3);
      Deno.mkdirSync(root.at("x", "y", "z"), { recursive: true });
      writeDatabase(root.at("x", "y", "z", `${uuid(4)}.db`));
      await until("deep", () => told.facts.size === 4);
      Deno.renameSync(root.at("renamed"), outside.at("back"));
      await until("moved out", () => told.facts.size === 1);
      // Under the same name, and twice, to see that old watches do no harm.
      for (let i = 0; i < 2; i++) {
        Deno.removeSync(root.at("x"), { recursive: true });
        Deno.mkdirSync(root.at("x", "y"), { recursive: true });
        writeDatabase(root.at("x", "y", `${uuid(5 + i)}.db`));
        await until(
          "made again",
          () => told.paths.join() === root.at("x", "y", `${uuid(5 + i)}.db`),
        );
      }
    }, options);
  });

  Deno.test(`a watch folder that goes and comes back, ${what}`, async () => {
    using place = new TempFolder();
    const dir = place.at("data");
    const file = `${dir}/${uuid(1)}.db`;
    Deno.mkdirSync(dir);
    writeDatabase(file);
    await watching(place, async (told) => {
      for (const renamed of [true, false]) {
        if (renamed) Deno.renameSync(dir, place.at("away"));
        else Deno.removeSync(dir, { recursive: true });
        await until("lost", () => told.facts.size === 0);
        await until("told so", () => told.troubles.has(dir));
        assert.match(
          told.troubles.get(dir)!,
          /data" is gone; .*backups are kept/,
        );
        if (renamed) Deno.renameSync(place.at("away"), dir);
        else {
          Deno.mkdirSync(dir);
          writeDatabase(file);
        }
        await until(
          "found again",
          () => told.facts.has(file) && !told.troubles.has(dir),
        );
        writeDatabase(`${dir}/${uuid(2)}.db`);
        await until("watched again", () => told.facts.size === 2);
        Deno.removeSync(`${dir}/${uuid(2)}.db`);
      }
    }, { ...options, dirs: [dir] });
  });

  Deno.test(`a database replaced by another file, ${what}`, async () => {
    using root = new TempFolder();
    const path = writeDatabase(root.at(`${uuid(1)}.db`));
    await watching(root, async (told) => {
      writeDatabase(root.at("new.tmp"));
      const inode = told.facts.get(path)!.inode;
      Deno.renameSync(root.at("new.tmp"), path);
      await until(
        "replaced",
        () => (told.facts.get(path)?.inode ?? inode) !== inode,
      );
      assert.deepEqual(told.log, [
        `found ${path}`,
        `lost ${path}`,
        `found ${path}`,
      ]);
      // The system likes to give the inode's number to the next file.
      Deno.removeSync(path);
      writeDatabase(path);
      await until("made again", () => told.count(`found ${path}`) === 3);
      assert.equal(told.count(`lost ${path}`), 2);
    }, options);
  });

  Deno.test(`names with odd characters, ${what}`, async () => {
    using root = new TempFolder();
    await watching(root, async (told) => {
      // A name that is no UTF-8 ends nothing.
      new Deno.Command("python3", {
        args: [
          "-c",
          `import sys,os; open(os.fsencode(sys.argv[1]) + b"/\\xff\\xfe.db", "w")`,
          root.path,
        ],
      }).outputSync();
      for (
        const name of ["a b", "it's", 'qu"ote', "new\nline", "ünï✓", "%41", "*"]
      ) {
        Deno.mkdirSync(root.at(name));
        writeDatabase(root.at(name, `${uuid(1)}.db`));
      }
      await until("all seven", () => told.facts.size === 7);
    }, options);
  });
}

Deno.test("overlapping watch folders tell a file once", async () => {
  using root = new TempFolder();
  Deno.mkdirSync(root.at("a", "b"), { recursive: true });
  Deno.mkdirSync(root.at("a", ".h", "c"), { recursive: true });
  const one = writeDatabase(root.at("a", "b", `${uuid(1)}.db`));
  const two = writeDatabase(root.at("a", ".h", "c", `${uuid(2)}.db`));
  Deno.symlinkSync(root.at("a"), root.at("link"));
  for (
    const order of [["a/b", "a", "a", "a/.h/c", "link"], [
      "a/",
      "link/b",
      "a/.h/c",
      "a/b",
    ]]
  ) {
    await watching(root, (told) => {
      assert.deepEqual(
        told.log.sort(),
        [`found ${two}`, `found ${one}`].sort(),
      );
      return Promise.resolve();
    }, { dirs: order.map((dir) => `${root.path}/${dir}`) });
  }
});

for (
  const [what, make, message] of [
    [
      "missing",
      () => {},
      /^Cannot watch folder ".*data": it does not exist; create it/,
    ],
    [
      "a file",
      (path: string) => Deno.writeTextFileSync(path, ""),
      /^Cannot watch folder ".*data": it is no folder/,
    ],
  ] as const
) {
  Deno.test(`start refuses a watch folder that is ${what}`, async () => {
    using root = new TempFolder();
    make(root.at("data"));
    await assert.rejects(
      watching(root, () => Promise.resolve(), { dirs: [root.at("data")] }),
      { message },
    );
  });
}

Deno.test("a database is not opened while that is not allowed", async () => {
  using root = new TempFolder();
  const path = writeDatabase(root.at(`${uuid(1)}.db`));
  let allowed = true;
  await watching(root, async (told, discovery) => {
    assert.equal(told.facts.size, 1);
    allowed = false;
    Deno.writeTextFileSync(
      path,
      "spoilt, and long enough not to be waited for any longer than this",
    );
    await until("changed", () => told.count(`changed ${path}`) > 0);
    assert.equal(told.facts.size, 1);
    const other = writeDatabase(root.at(`${uuid(2)}.db`));
    await until(
      "waits",
      () => discovery.ignored().some((file) => file.path === other),
    );
    allowed = true;
    await discovery.rescan();
    assert.equal(told.facts.has(other), true);
  }, { mayOpen: () => allowed });
});

Deno.test("an abort ends everything; nothing is told afterwards", async () => {
  using root = new TempFolder();
  const told = new Told();
  const ending = new AbortController();
  const discovery = await Discovery.start({
    watchDirs: [root.path],
    signal: ending.signal,
    onEvents: told.onEvents,
  });
  ending.abort();
  await discovery.rescan();
  writeDatabase(root.at(`${uuid(1)}.db`));
  await discovery[Symbol.asyncDispose]();
  await discovery[Symbol.asyncDispose]();
  assert.deepEqual(told.log, []);
});

Deno.test("a file in a state that is known to be a database is not opened", async () => {
  using root = new TempFolder();
  const known = root.at(`${uuid(1)}.db`);
  const other = root.at(`${uuid(2)}.db`);
  const text = "I am a text file, and not a short one";
  for (const path of [known, other]) Deno.writeTextFileSync(path, text);
  const fingerprint = fingerprintOf(readFacts(known)!);
  const asked: string[] = [];
  const isKnown = (id: string, path: string, asks: string) => {
    asked.push(`${id} ${path}`);
    return path === known && asks === fingerprint;
  };
  await watching(root, async (told, discovery) => {
    assert.deepEqual(told.paths, [known]);
    assert.equal(discovery.ignoredCount, 1);
    assert.deepEqual(asked.sort(), [
      `${uuid(1)} ${known}`,
      `${uuid(2)} ${other}`,
    ]);
    // In another state it is opened.
    Deno.writeTextFileSync(known, text + text);
    await until("it is no database", () => told.paths.length === 0);
  }, { isKnown });
});

Deno.test("a WAL that comes after its folder was listed is told", async () => {
  using root = new TempFolder();
  const paths = [1, 2, 3, 4, 5].map((n) =>
    writeDatabase(root.at(`${uuid(n)}.db`))
  );
  let wals = 0;
  // Asked while the folder's listing, in which there are none, is gone through.
  const isKnown = () => {
    if (wals > 0) return true;
    for (const path of paths) Deno.writeTextFileSync(`${path}-wal`, "x");
    wals = paths.length;
    return true;
  };
  await watching(root, async (told) => {
    await until(
      "all WALs are told",
      () => paths.every((path) => told.facts.get(path)?.walSize === 1n),
    );
  }, { isKnown });
});
