import assert from "node:assert/strict";
import { rename } from "node:fs/promises";
import { AppDatabase } from "../../tests/support/app_database.ts";
import { replicateOnce } from "../../tests/support/replicated.ts";
import { someId } from "../../tests/support/some_client.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { readFacts } from "../discovery/file_facts.ts";
import { fingerprintOf } from "../domain/client.ts";
import { TXID_ZERO } from "../domain/txid.ts";
import { look } from "../litestream/continuity.ts";
import { resetLocalLtx } from "../litestream/local_ltx.ts";
import { pageDigest } from "../litestream/page_digest.ts";
import { Registry } from "../registry/registry.ts";
import { Store } from "../store/store.ts";
import type { Ports } from "./ports.ts";
import { settle } from "./settle.ts";

const id = someId(1);

interface Scene {
  readonly dir: TempDir;
  readonly app: AppDatabase;
  readonly registry: Registry;
  readonly store: Store;
  readonly ports: Ports;
}

const cases: [
  name: string,
  settles: boolean,
  work: (scene: Scene) => unknown,
][] = [
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
    ({ app }) => {
      app.insert(1);
      app.close();
    },
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
    ({ app }) => {
      app.insert(3, 900);
      assert(app.checkpoint("RESTART"));
      app.insert(1, 10);
    },
  ],
  ["the file is gone", false, ({ app }) => Deno.remove(app.path)],
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

/** A client whose all is in its replica, and was settled once. */
async function settled(): Promise<Scene & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await TempDir.create("settle"));
  const path = dir.join(`${id}.db`);
  const app = stack.use(AppDatabase.open(path, { autoCheckpoint: 0 }));
  app.insert(20, 300);
  const url = `file://${dir.join("replica")}`;
  await replicateOnce({ dbPath: path, url, dir: dir.path });

  const registry = new Registry({ rpoMs: 60_000 });
  registry.discover({ kind: "found", id, path, facts: readFacts(path)! });
  const finding = await look(path);
  assert(finding.kind === "clean");
  const txid = finding.tip.maxTxid;
  registry.observe(id, { proved: true, txid, replicatedTxid: txid });
  const store = stack.use(Store.open(dir.join("state.db"), "test"));
  const ports = {
    registry,
    store,
    files: { facts: readFacts, look, digest: pageDigest },
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
