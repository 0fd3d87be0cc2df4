import assert from "node:assert/strict";
import { rename } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { AppDatabase } from "../../tests/support/app_database.ts";
import { found } from "../../tests/support/discovered.ts";
import { replicateOnce } from "../../tests/support/replicated.ts";
import { someId } from "../../tests/support/some_client.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { readFacts } from "../discovery/file_facts.ts";
import { fingerprintOf } from "../domain/client.ts";
import type { LtxHeader } from "../domain/ltx_header.ts";
import { TXID_ZERO, txidOf } from "../domain/txid.ts";
import { look } from "../litestream/continuity.ts";
import { resetLocalLtx } from "../litestream/local_ltx.ts";
import { pageDigest } from "../litestream/page_digest.ts";
import { Registry } from "../registry/registry.ts";
import { Store } from "../store/store.ts";
import type { Ports } from "./ports.ts";
import { lookBeforeSleep, settle } from "./settle.ts";

const id = someId(1);

interface Scene {
  readonly dir: TempDir;
  readonly app: AppDatabase;
  readonly registry: Registry;
  readonly store: Store;
  readonly ports: Ports;
}

type Case = [name: string, settles: boolean, work: (scene: Scene) => unknown];

function writeAndClose({ app }: Scene): void {
  app.insert(1);
  app.close();
}

function restartWal({ app }: Scene): void {
  app.insert(3, 900);
  assert(app.checkpoint("RESTART"));
  app.insert(1, 10);
}

const cases: Case[] = [
  ["nothing happened", true, () => {}],
  ["its application read", true, ({ app }) => app.count()],
  ["its application was closed", true, ({ app }) => app.close()],
  [
    "its application was closed, opened and closed again",
    true,
    ({ app }) => {
      app.reopen();
      app.count();
      app.close();
    },
  ],
  [
    "its WAL was emptied",
    true,
    ({ app }) => assert(app.checkpoint("TRUNCATE")),
  ],
  ["it was written", false, ({ app }) => app.insert(1)],
  [
    "it was written and closed",
    false,
    writeAndClose,
  ],
  [
    "it was written and its WAL emptied",
    false,
    ({ app }) => {
      app.insert(1);
      assert(app.checkpoint("TRUNCATE"));
    },
  ],
  [
    "it was written and its WAL restarted",
    false,
    restartWal,
  ],
  ["the file is gone", false, ({ app }) => Deno.remove(app.path)],
  [
    "discovery found that it is no database any more",
    false,
    ({ app: { path }, registry }) =>
      registry.discover({ kind: "lost", id, path }),
  ],
  [
    "another file stands in its place",
    false,
    async ({ app, dir }) => {
      app.close();
      using other = AppDatabase.open(dir.join("other.db"));
      other.insert(2);
      other.close();
      await rename(other.path, app.path);
    },
  ],
  [
    "Litestream's files are gone",
    false,
    ({ app }) => resetLocalLtx(app.path),
  ],
  [
    "the replica has less",
    false,
    ({ registry }) => registry.observe(id, { replicatedTxid: TXID_ZERO }),
  ],
  [
    "of the replica nothing is known",
    false,
    ({ registry }) => registry.observe(id, { replicatedTxid: null }),
  ],
  [
    "the chain is not proved",
    false,
    ({ registry }) => registry.observe(id, { proved: false }),
  ],
  [
    "the daemon has it",
    false,
    ({ registry }) => registry.observe(id, { activity: "awake" }),
  ],
];

for (const [name, settles, work] of cases) {
  Deno.test(`when ${name}, a client is ${settles ? "" : "not "}settled`, async () => {
    await using scene = await settled();
    const { app, registry, store, ports } = scene;
    await work(scene);
    registry.observe(id, { dirtySince: 1, fingerprint: null });
    const before = { ...store.get(id) };

    assert.equal(await settle(id, ports), settles);
    const client = registry.get(id)!;
    if (settles) {
      assert.equal(client.status, "protected");
      assert.equal(client.fingerprint, fingerprintOf(readFacts(app.path)!));
      assert.equal(store.get(id)?.fingerprint, client.fingerprint);
    } else {
      assert.notEqual(client.status, "protected");
      assert.equal(client.dirtySince, 1);
      const { fingerprint, digest } = store.get(id)!;
      assert(
        fingerprint === null || fingerprint === before.fingerprint,
        "a state that is not in the replica was stored",
      );
      assert(digest === null || digest === before.digest);
    }
  });
}

Deno.test("a client that is written while it is looked at is not settled", async () => {
  await using scene = await settled();
  const { app, registry, ports } = scene;
  registry.observe(id, { dirtySince: 1 });
  const files = {
    ...ports.files,
    digest: async (path: string) => {
      const digest = await pageDigest(path);
      app.insert(1);
      return digest;
    },
  };
  assert.equal(await settle(id, { ...ports, files }), false);
  assert.equal(registry.get(id)?.dirtySince, 1);
});

Deno.test("a client that the daemon gets while it is looked at is not settled", async () => {
  await using scene = await settled();
  const { registry, ports } = scene;
  const files = {
    ...ports.files,
    digest: (path: string) => {
      registry.observe(id, { activity: "awake", dirtySince: 1 });
      return pageDigest(path);
    },
  };
  assert.equal(await settle(id, { ...ports, files }), false);
  assert.equal(registry.get(id)?.dirtySince, 1);
});

Deno.test("a client that nobody knows is not settled", async () => {
  await using scene = await settled();
  assert.equal(await settle(someId(2), scene.ports), false);
});

for (const large of [null, "size"] as const) {
  const size = large ? "large" : "small";
  Deno.test(`a ${size} file that was overwritten in place, with the WAL left, is not settled and not trusted`, async () => {
    await using scene = await settled({ checkpointed: true, large });
    const { app, dir, registry, ports } = scene;
    const { inode } = readFacts(app.path)!;
    await Deno.copyFile(dir.join("older.db"), app.path);
    assert.equal(readFacts(app.path)!.inode, inode);
    registry.observe(id, { dirtySince: 1 });
    assert.equal(await settle(id, ports), false);
    const { proved, status } = registry.get(id)!;
    // The next registration ends in a full snapshot.
    assert.equal(proved, false);
    assert.notEqual(status, "protected");
  });
}

Deno.test("a file that was overwritten in place and then written by its application is not trusted", async () => {
  await using scene = await settled({ checkpointed: true });
  const { app, dir, registry, ports } = scene;
  await Deno.copyFile(dir.join("older.db"), app.path);
  app.run("UPDATE other SET name = 'c'");
  assert.equal((await look(app.path)).kind, "ahead");
  assert.equal(await settle(id, ports), false);
  assert.equal(registry.get(id)?.proved, false);
});

for (const large of ["size", "walSize"] as const) {
  Deno.test(`a database whose ${large} is too large for a digest is settled as long as its file is the same`, async () => {
    await using scene = await settled({ large });
    const { app, registry, store, ports } = scene;
    assert.equal(store.get(id)?.digest, null);
    app.count();
    registry.observe(id, { dirtySince: 1 });
    assert.equal(await settle(id, ports), true);
    assert.equal(store.get(id)?.digest, null);
  });
}

Deno.test("of LTX files older than those that were known nothing is proved", async () => {
  await using scene = await settled({ large: "size" });
  const { app, registry, store, ports } = scene;
  const { txid } = registry.get(id)!;
  const newer = txidOf(BigInt(`0x${txid}`) + 5n);
  // A copy of all came back but of the database itself, which had not changed.
  store.save({ id, path: app.path, txid: newer, replicatedTxid: newer });
  registry.observe(id, { txid: newer, replicatedTxid: newer, dirtySince: 1 });
  assert.equal(await settle(id, ports), false);
  assert.equal(registry.get(id)?.proved, false);
});

/** What happens between the last look at a client that is awake and its sleep. */
const farewells: Case[] = [
  [
    "its WAL is deleted with the last connection",
    true,
    ({ app }) => app.close(),
  ],
  [
    "it is written, and its WAL deleted",
    false,
    writeAndClose,
  ],
  [
    "it is written and its WAL restarted",
    false,
    restartWal,
  ],
];

for (const [name, settles, work] of farewells) {
  Deno.test(`when ${name}, a client that falls asleep is ${settles ? "" : "not "}settled`, async () => {
    await using scene = await settled();
    const { app, registry, store, ports } = scene;
    // While it is awake nothing of what was stored counts.
    await store.markUnproved({ id, path: app.path });
    await delay(50);
    const farewell = await lookBeforeSleep(registry.get(id)!, ports);
    assert.notEqual(farewell.digest, null);
    await work(scene);
    await delay(50);
    assert.equal((await look(app.path)).kind, "broken");
    assert.equal(await settle(id, ports), false);
    assert.equal(await settle(id, ports, { synced: true, farewell }), settles);
    const { digest } = store.get(id)!;
    assert.equal(digest, settles ? farewell.digest : null);
  });
}

Deno.test("a client whose WAL is moved into its file while it is looked at is looked at again", async () => {
  await using scene = await settled();
  const { app, registry, store, ports } = scene;
  await store.markUnproved({ id, path: app.path });
  await delay(50);
  const farewell = await lookBeforeSleep(registry.get(id)!, ports);
  let looks = 0;
  ports.files.digest = async (path) => {
    const digest = await pageDigest(path);
    if (++looks === 1) app.close();
    return digest;
  };
  assert.equal(await settle(id, ports, { synced: true, farewell }), true);
  assert.equal(looks, 2);
  const { fingerprint } = store.get(id)!;
  assert.equal(fingerprint, fingerprintOf(readFacts(app.path)!));
});

Deno.test("pages that were the same at another transaction prove nothing", async () => {
  await using scene = await settled();
  const { app, registry, store, ports } = scene;
  await store.markUnproved({ id, path: app.path });
  await delay(50);
  const farewell = await lookBeforeSleep(registry.get(id)!, ports);
  const maxTxid = txidOf(BigInt(`0x${farewell.tip!.maxTxid}`) + 1n);
  app.close();
  await delay(50);
  const tip = { ...farewell.tip!, maxTxid };
  const other = { synced: true, farewell: { ...farewell, tip } };
  assert.equal(await settle(id, ports, other), false);
});

Deno.test("a client whose WAL was restarted before its last sync is not trusted", async () => {
  await using scene = await settled();
  const { app, dir, registry, store, ports } = scene;
  await store.markUnproved({ id, path: app.path });
  const farewell = await lookBeforeSleep(registry.get(id)!, ports);
  // As if its read lock were gone already: what is written now is in no LTX file.
  app.insert(1);
  assert(app.checkpoint("RESTART"));
  app.insert(1);
  const url = `file://${dir.join("replica")}`;
  await replicateOnce({ dbPath: app.path, url, dir: dir.path });
  const { kind, tip } = await look(app.path) as {
    kind: string;
    tip: LtxHeader;
  };
  assert.equal(kind, "clean");
  const txid = tip.maxTxid;
  registry.observe(id, { txid, replicatedTxid: txid, dirtySince: 1 });
  await delay(50);
  assert.equal(await settle(id, ports, { synced: true, farewell }), false);
  assert.equal(registry.get(id)?.proved, false);
});

/** Why the pages of a client that is awake are not known to be in the replica. */
const unknown: [name: string, work: (scene: Scene) => unknown][] = [
  ["was written", async ({ app }) => {
    app.insert(1);
    await delay(50);
  }],
  ["has less in its replica", async ({ registry }) => {
    await delay(50);
    registry.observe(id, { replicatedTxid: TXID_ZERO });
  }],
  ["is not proved", async ({ registry }) => {
    await delay(50);
    registry.observe(id, { proved: false });
  }],
  ["is written meanwhile", async ({ app, ports }) => {
    await delay(50);
    ports.files.digest = async (path) => {
      const digest = await pageDigest(path);
      app.insert(1);
      return digest;
    };
  }],
];

for (const [name, work] of unknown) {
  Deno.test(`of the pages of a client that ${name} nothing is known`, async () => {
    await using scene = await settled();
    const { registry, ports } = scene;
    await work(scene);
    const { digest } = await lookBeforeSleep(registry.get(id)!, ports);
    assert.equal(digest, null);
  });
}

/** As if the database, or its WAL, were larger than what a digest is taken of. */
function asLarge(files: Ports["files"], what: "size" | "walSize") {
  return {
    ...files,
    facts(path: string) {
      const facts = readFacts(path);
      return facts && { ...facts, [what]: facts[what] + (64n << 20n) };
    },
    digest(): never {
      throw new Error("It was read");
    },
  };
}

/**
 * A client whose all is in its replica, and was settled once.
 *
 * @param checkpointed the file holds all but the last change, and a copy of what
 * it held before stands beside it: older.db, of the same size
 * @param large see `asLarge`
 */
async function settled(
  { checkpointed = false, large = null }: {
    checkpointed?: boolean;
    large?: "size" | "walSize" | null;
  } = {},
): Promise<Scene & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await TempDir.create("settle"));
  const path = dir.join(`${id}.db`);
  const app = stack.use(AppDatabase.open(path, { autoCheckpoint: 0 }));
  app.insert(20, 300);
  if (checkpointed) {
    app.run("CREATE TABLE other(name TEXT)");
    app.run("INSERT INTO other VALUES ('a')");
    // Litestream would add them, and another number of pages.
    app.run(
      "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)",
    );
    app.run("CREATE TABLE _litestream_lock (id INTEGER)");
    assert(app.checkpoint("TRUNCATE"));
    await Deno.copyFile(path, dir.join("older.db"));
    app.update(1);
    assert(app.checkpoint("TRUNCATE"));
    app.run("UPDATE other SET name = 'b'");
  }
  const url = `file://${dir.join("replica")}`;
  await replicateOnce({ dbPath: path, url, dir: dir.path });

  const registry = new Registry({ rpoMs: 60_000 });
  registry.discover(found({ id, path, facts: readFacts(path)! }));
  const finding = await look(path);
  assert(finding.kind === "clean");
  const txid = finding.tip.maxTxid;
  registry.observe(id, { proved: true, txid, replicatedTxid: txid });
  const store = stack.use(Store.open(dir.join("state.db"), "test"));
  const files = {
    facts: readFacts,
    look,
    digest: pageDigest,
  } as Partial<Ports["files"]> as Ports["files"];
  const ports = {
    registry,
    store,
    files: large ? asLarge(files, large) : files,
    now: Date.now,
  } as unknown as Ports;
  assert.equal(await settle(id, ports), true);
  assert.equal(registry.get(id)?.status, "protected");
  const kept = stack.move();
  return {
    dir,
    app,
    registry,
    store,
    ports,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
