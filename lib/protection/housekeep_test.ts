import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AppDatabase } from "../../tests/support/app_database.ts";
import { found } from "../../tests/support/discovered.ts";
import { onceOptions } from "../../tests/support/once_process.ts";
import { replicateOnce as bringUpToDate } from "../../tests/support/replicated.ts";
import { someClient, someId } from "../../tests/support/some_client.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { readFacts } from "../discovery/file_facts.ts";
import type { Client } from "../domain/client.ts";
import { txidOf } from "../domain/txid.ts";
import { look, tipOf } from "../litestream/continuity.ts";
import { replicateOnce } from "../litestream/once.ts";
import { pageDigest } from "../litestream/page_digest.ts";
import { Registry } from "../registry/registry.ts";
import { Store, type StoredClient } from "../store/store.ts";
import { housekeep, isHousekeepingDue } from "./housekeep.ts";
import type { Ports } from "./ports.ts";
import { VerdictDesk } from "./verdict.ts";

const id = someId(1);
const HOUR_MS = 3600_000;
const NOW = 1_000 * HOUR_MS;

/** What is said differs from a client that is due. */
const due: [
  name: string,
  isDue: boolean,
  client: Partial<Client>,
  row: Partial<StoredClient>,
][] = [
  ["that changed since a snapshot a day ago", true, {}, {}],
  ["that never had one", true, {}, { snapshotTxid: null }],
  ["that did not change since", false, {}, { snapshotTxid: txidOf(7) }],
  [
    "whose last one is not a day old",
    false,
    {},
    { housekeptAt: NOW - 24 * HOUR_MS + 1 },
  ],
  ["whose last one is just a day old", true, {}, {
    housekeptAt: NOW - 24 * HOUR_MS,
  }],
  ["whose first day has not begun", false, {}, { housekeptAt: null }],
  ["that is awake", false, { activity: "awake" }, {}],
  ["that is just waking", false, { activity: "waking" }, {}],
  ["that is gone", false, { presence: "gone" }, {}],
  ["that is paused", false, { paused: true }, {}],
  ["that changed and is not in its replica", false, { dirtySince: NOW }, {}],
  ["that is not proved", false, { proved: false }, {}],
  ["whose replica has less", false, { replicatedTxid: txidOf(6) }, {}],
];

for (const [name, isDue, client, row] of due) {
  Deno.test(`a client ${name} is ${isDue ? "" : "not "}due for its daily snapshot`, () => {
    const txids = { txid: txidOf(7), replicatedTxid: txidOf(7) };
    const stored = {
      id,
      path: "/data/x.db",
      proved: true,
      housekeptAt: NOW - 30 * HOUR_MS,
      snapshotTxid: txidOf(3),
      ...txids,
      ...row,
    } as StoredClient;
    const told = isHousekeepingDue(
      someClient({ ...txids, ...client }),
      stored,
      NOW,
    );
    assert.equal(told, isDue);
  });
}

Deno.test("a snapshot is taken, and the client is protected as before", async () => {
  await using scene = await settled();
  const { dir, registry, store, ports, desk } = scene;
  const signal = new AbortController().signal;
  assert.equal(await housekeep(id, ports, { desk, signal }), true);
  const { status, txid } = registry.get(id)!;
  assert.equal(status, "protected");
  const { proved, snapshotTxid, housekeptAt } = store.get(id)!;
  assert.deepEqual([proved, snapshotTxid], [true, txid]);
  assert(housekeptAt! > 0);
  const names = [...Deno.readDirSync(dir.join("replica", "ltx", "9"))];
  assert.equal(names.length, 1);
});

Deno.test("a store that refuses takes nothing from a client that is in its replica", async () => {
  await using scene = await settled();
  const { registry, store, ports, desk, dir, app } = scene;
  const server = createServer((_, response) =>
    response.writeHead(403).end("<Error><Code>AccessDenied</Code></Error>")
  );
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const { replicaUrl } = onceOptions(dir.path, app.path, port);
  const failing = { ...ports, replicaUrl: () => replicaUrl };
  const signal = new AbortController().signal;
  try {
    await assert.rejects(housekeep(id, failing, { desk, signal }));
  } finally {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
  assert.equal(registry.get(id)?.status, "protected");
  assert.equal(store.get(id)?.proved, true);
  assert.equal(store.get(id)?.snapshotTxid, null);
  // Its next one needs no full sync before.
  assert.equal(await housekeep(id, ports, { desk, signal }), true);
});

Deno.test("a file that is replaced meanwhile is not proved by what was done with the old one", async () => {
  await using scene = await settled();
  const { registry, store, ports, desk, dir, app } = scene;
  const { replicateOnce } = ports;
  const replacing = {
    ...ports,
    replicateOnce: async (...args: Parameters<typeof replicateOnce>) => {
      await replicateOnce(...args);
      app.close();
      {
        using other = AppDatabase.open(dir.join("other.db"));
        other.insert(3);
      }
      await Deno.rename(dir.join("other.db"), app.path);
    },
  };
  const signal = new AbortController().signal;
  await housekeep(id, replacing, { desk, signal });
  assert.equal(registry.get(id)?.proved, false);
  assert.equal(store.get(id)?.proved, false);
});

/** A client whose all is in its replica, with a real Litestream. */
async function settled() {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await TempDir.create("housekeep"));
  const path = dir.join(`${id}.db`);
  const app = stack.use(AppDatabase.open(path, { autoCheckpoint: 0 }));
  app.insert(20, 300);
  const url = `file://${dir.join("replica")}`;
  await bringUpToDate({ dbPath: path, url, dir: dir.path });

  const registry = new Registry({ rpoMs: 60_000 });
  registry.discover(found({ id, path, facts: readFacts(path)! }));
  const txid = tipOf(await look(path))!;
  registry.observe(id, {
    proved: true,
    txid,
    replicatedTxid: txid,
    dirtySince: null,
  });
  const store = stack.use(Store.open(dir.join("state.db"), "test"));
  const desk = new VerdictDesk();
  const ports = {
    registry,
    store,
    files: {
      facts: readFacts,
      look,
      digest: pageDigest,
      pin: () => Promise.resolve(null),
    },
    replicaUrl: () => url,
    replicateOnce: (
      databasePath: string,
      replicaUrl: string,
      { signal }: { signal: AbortSignal },
    ) =>
      replicateOnce({
        ...onceOptions(dir.path, databasePath, 0),
        replicaUrl,
        signal,
        onEvent(event) {
          desk.hear(event);
          if (event.kind === "uploaded" && event.level === 0) {
            registry.observe(id, { replicatedTxid: event.txid });
          }
        },
      }),
    now: Date.now,
  } as unknown as Ports;
  const kept = stack.move();
  return {
    dir,
    app,
    registry,
    store,
    ports,
    desk,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
