import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { changed, found } from "../../tests/support/discovered.ts";
import { seededRandom } from "../../tests/support/random.ts";
import {
  type Client,
  type FileFacts,
  fingerprintOf,
} from "../domain/client.ts";
import { type ClientId, parseClientId } from "../domain/client_id.ts";
import { type Status, STATUSES, statusOf } from "../domain/status.ts";
import { type Txid, txidOf } from "../domain/txid.ts";
import { type Observation, Registry, type Remembered } from "./registry.ts";

const RPO_MS = 60_000;
const START = 1_800_000_000_000;

/** A registry with a clock of its own, and short words for what happens to it. */
class Fixture {
  now = START;
  readonly registry: Registry = new Registry({ rpoMs: RPO_MS }, {
    now: () => this.now,
  });

  found(path: string, id = ID, facts = factsAt(this.now)): void {
    this.registry.discover(found({ path, id, facts }));
  }

  changed(path: string, id = ID, facts = factsAt(this.now)): void {
    this.registry.discover(changed({ path, id, facts }));
  }

  lost(path: string, id = ID): void {
    this.registry.discover({ kind: "lost", path, id });
  }

  /** Everything is in the replica up to `txid`, and nothing was missed. */
  protect(id = ID, txid = txidOf(1)): void {
    this.registry.observe(id, {
      proved: true,
      dirtySince: null,
      txid,
      replicatedTxid: txid,
      lastSyncedAt: this.now,
      activity: "asleep",
    });
  }

  get client(): Client {
    return this.registry.get(ID)!;
  }

  wait(ms: number): void {
    this.now += ms;
    this.registry.tick();
  }
}

function idOf(n: number): ClientId {
  return parseClientId(
    `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`,
  )!;
}

const ID = idOf(1);
const A = "/data/a.db";
const B = "/data/b.db";
const C = "/data/c.db";

function factsAt(ms: number, over: Partial<FileFacts> = {}): FileFacts {
  return {
    inode: 1n,
    size: 8192n,
    modifiedNs: BigInt(ms) * 1_000_000n,
    walSize: -1n,
    walModifiedNs: -1n,
    createdAt: ms,
    ...over,
  };
}

function remembered(over: Partial<Remembered> = {}): Remembered {
  return {
    id: ID,
    path: A,
    paused: false,
    proved: true,
    txid: txidOf(7),
    replicatedTxid: txidOf(7),
    fingerprint: fingerprintOf(factsAt(START)),
    lastSyncedAt: START,
    sizeBytes: 8192,
    ...over,
  };
}

/** Each line is a step and the status that it leads to. */
const STATUS_STORIES: Record<string, [(f: Fixture) => void, Status][]> = {
  "from found to protected, lagging and back": [
    [(f) => f.found(A), "discovered"],
    [(f) => f.registry.observe(ID, { activity: "waking" }), "syncing"],
    [(f) => f.registry.observe(ID, { activity: "awake" }), "syncing"],
    [
      (f) => f.registry.observe(ID, { txid: txidOf(1), proved: true }),
      "syncing",
    ],
    [(f) => f.registry.observe(ID, { dirtySince: null }), "syncing"],
    [(f) => f.registry.observe(ID, { replicatedTxid: txidOf(1) }), "protected"],
    [(f) => f.registry.observe(ID, { txid: txidOf(2) }), "syncing"],
    [(f) => f.registry.observe(ID, { replicatedTxid: txidOf(2) }), "protected"],
    [(f) => f.wait(10 * RPO_MS), "protected"],
    [(f) => f.changed(A), "syncing"],
    [(f) => f.wait(RPO_MS), "syncing"],
    [(f) => f.wait(1), "lagging"],
    [(f) => f.protect(ID, txidOf(3)), "protected"],
  ],
  "a second write does not put off lagging": [
    [(f) => f.found(A), "discovered"],
    [(f) => f.protect(), "protected"],
    [(f) => f.changed(A), "syncing"],
    [(f) => f.wait(RPO_MS - 1), "syncing"],
    [(f) => f.changed(A), "syncing"],
    [(f) => f.wait(2), "lagging"],
  ],
  "never backed up, it lags too": [
    [(f) => f.found(A), "discovered"],
    [(f) => f.wait(RPO_MS), "discovered"],
    [(f) => f.wait(1), "lagging"],
  ],
  "unproved is never protected": [
    [(f) => f.found(A), "discovered"],
    [(f) => f.protect(), "protected"],
    [(f) => f.registry.observe(ID, { proved: false }), "syncing"],
    [(f) => f.registry.observe(ID, { proved: true }), "protected"],
    [(f) => f.registry.observe(ID, { txid: null }), "syncing"],
  ],
  "what is worse wins": [
    [(f) => f.found(A), "discovered"],
    [(f) => f.protect(), "protected"],
    [(f) => f.registry.observe(ID, { blocked: "locked" }), "blocked"],
    [(f) =>
      f.registry.observe(ID, {
        error: { message: "denied", hint: null, at: f.now },
      }), "failing"],
    [(f) => f.registry.observe(ID, { paused: true }), "paused"],
    [(f) => f.found(B), "conflict"],
    [(f) => f.lost(B), "paused"],
    [(f) => f.registry.observe(ID, { paused: false, error: null }), "blocked"],
    [(f) => f.registry.observe(ID, { blocked: null }), "protected"],
    [(f) => f.lost(A), "gone"],
  ],
  "gone and back": [
    [(f) => f.found(A), "discovered"],
    [(f) => f.protect(), "protected"],
    [(f) => f.lost(A), "gone"],
    [(f) => f.wait(10 * RPO_MS), "gone"],
    // Its record says nothing of what it is now.
    [(f) => f.found(A), "syncing"],
  ],
  "gone and back at another path": [
    [(f) => f.found(A), "discovered"],
    [(f) => f.protect(), "protected"],
    [
      (f) =>
        f.registry.observe(ID, { fingerprint: fingerprintOf(factsAt(START)) }),
      "protected",
    ],
    [(f) => f.lost(A), "gone"],
    [(f) => f.found(B, ID, factsAt(START)), "syncing"],
  ],
  "gone and back untouched": [
    [(f) => f.found(A), "discovered"],
    [(f) => f.protect(), "protected"],
    [
      (f) =>
        f.registry.observe(ID, { fingerprint: fingerprintOf(factsAt(START)) }),
      "protected",
    ],
    [(f) => f.lost(A), "gone"],
    [(f) => f.found(A, ID, factsAt(START)), "protected"],
  ],
  "asleep and only looked at": [
    [(f) => f.found(A), "discovered"],
    [(f) => f.protect(), "protected"],
    [
      (f) =>
        f.registry.observe(ID, { fingerprint: fingerprintOf(factsAt(START)) }),
      "protected",
    ],
    [(f) => f.changed(A, ID, factsAt(START)), "protected"],
    [(f) => f.changed(A, ID, factsAt(START, { walSize: 0n })), "syncing"],
  ],
  "remembered and unchanged": [
    [(f) => f.registry.remember(remembered()), "gone"],
    [(f) => f.found(A, ID, factsAt(START)), "protected"],
  ],
  "remembered and written since": [
    [(f) => f.registry.remember(remembered()), "gone"],
    [(f) => f.found(A, ID, factsAt(START + 1)), "syncing"],
  ],
  "remembered and written long ago": [
    [(f) => f.registry.remember(remembered()), "gone"],
    [(f) => f.wait(2 * RPO_MS), "gone"],
    [(f) => f.found(A, ID, factsAt(START + 1)), "lagging"],
  ],
  "remembered unproved": [
    [(f) => f.registry.remember(remembered({ proved: false })), "gone"],
    [(f) => f.found(A, ID, factsAt(START)), "syncing"],
  ],
  "remembered without a replica": [
    [(f) => f.registry.remember(remembered({ replicatedTxid: null })), "gone"],
    [(f) => f.found(A, ID, factsAt(START)), "discovered"],
  ],
  "remembered behind its replica's mark": [
    [
      (f) => f.registry.remember(remembered({ replicatedTxid: txidOf(6) })),
      "gone",
    ],
    [(f) => f.found(A, ID, factsAt(START)), "syncing"],
  ],
  "remembered under another path": [
    [(f) => f.registry.remember(remembered({ path: B })), "gone"],
    [(f) => f.found(A, ID, factsAt(START)), "syncing"],
  ],
  "remembered and paused": [
    [(f) => f.registry.remember(remembered({ paused: true })), "gone"],
    [(f) => f.found(A, ID, factsAt(START)), "paused"],
  ],
  "remembered after it was found changes nothing": [
    [(f) => f.found(A), "discovered"],
    [(f) => f.registry.remember(remembered()), "discovered"],
  ],
};

for (const [what, story] of Object.entries(STATUS_STORIES)) {
  Deno.test(`status: ${what}`, () => {
    const fixture = new Fixture();
    for (const [i, [step, status]] of story.entries()) {
      step(fixture);
      assert.equal(fixture.client.status, status, `after step ${i + 1}`);
      assertSound(fixture);
    }
  });
}

Deno.test("of files with one id the first is the client, the next its heir", () => {
  const fixture = new Fixture();
  fixture.found(A);
  fixture.protect();
  for (const path of [C, B, C]) fixture.found(path);
  assert.deepEqual(fixture.client.duplicates, [B, C]);
  assert.equal(fixture.client.path, A);
  assert.equal(fixture.registry.size, 1);
  for (const path of [A, B, C]) {
    assert.equal(fixture.registry.byPath(path)?.id, ID);
  }
  // Writes to a duplicate are not the client's.
  const { changeSeq } = fixture.client;
  fixture.changed(B);
  assert.equal(fixture.client.changeSeq, changeSeq);

  fixture.lost(A);
  assert.equal(fixture.client.path, B);
  assert.deepEqual(fixture.client.duplicates, [C]);
  assert.equal(fixture.client.proved, false);
  assert.equal(fixture.client.dirtySince, fixture.now);
  assert.equal(fixture.registry.byPath(A), undefined);
  fixture.lost(C);
  assert.equal(fixture.client.status, "syncing");
  fixture.lost(B);
  assert.equal(fixture.client.status, "gone");
  assert.equal(fixture.registry.byPath(B), undefined);
  assertSound(fixture);
});

Deno.test("each change counts, and keeps the time of the first that waits", () => {
  const fixture = new Fixture();
  fixture.found(A);
  fixture.protect();
  const { changeSeq } = fixture.client;
  fixture.now += 1_000;
  fixture.changed(A);
  fixture.now += 1_000;
  fixture.changed(A, ID, factsAt(fixture.now, { size: 12_288n }));
  assert.equal(fixture.client.changeSeq, changeSeq + 2);
  assert.equal(fixture.client.dirtySince, START + 1_000);
  assert.equal(fixture.client.lastChangedAt, START + 2_000);
  assert.equal(fixture.client.sizeBytes, 12_288);
  // A clock that is ahead on another machine makes no change of the future.
  fixture.changed(A, ID, factsAt(fixture.now + 3_600_000));
  assert.equal(fixture.client.lastChangedAt, fixture.now);
});

Deno.test("what is unknown is left alone", () => {
  const fixture = new Fixture();
  fixture.changed(A);
  fixture.lost(A);
  fixture.registry.observe(ID, { proved: true });
  fixture.registry.forget(ID);
  assert.equal(fixture.registry.size, 0);
  assertSound(fixture);
});

Deno.test("only who is gone is forgotten, also out of the counters", () => {
  const fixture = new Fixture();
  fixture.found(A);
  fixture.registry.observe(ID, { activity: "awake" });
  fixture.registry.forget(ID);
  assert.equal(fixture.registry.size, 1);
  fixture.lost(A);
  // The daemon may still have it.
  assert.equal(fixture.registry.awake, 1);
  fixture.registry.forget(ID);
  assert.equal(fixture.registry.size, 0);
  assert.equal(fixture.registry.awake, 0);
  assertSound(fixture);
});

Deno.test("listeners and signals hear of each change until they leave", () => {
  const fixture = new Fixture();
  const heard: string[] = [];
  const listening = fixture.registry.onChange((after, before) =>
    heard.push(`${before?.status ?? "none"} -> ${after?.status ?? "none"}`)
  );
  fixture.found(A);
  const statuses: Status[] = [];
  const stop = fixture.registry.signal(ID)!.subscribe(({ status }) =>
    void statuses.push(status)
  );
  fixture.protect();
  fixture.lost(A);
  stop();
  fixture.registry.forget(ID);
  listening[Symbol.dispose]();
  fixture.found(B);
  assert.deepEqual(heard, [
    "none -> discovered",
    "discovered -> protected",
    "protected -> gone",
    "gone -> none",
  ]);
  assert.deepEqual(statuses, ["discovered", "protected", "gone"]);
});

const seed = Number(Deno.env.get("FUZZ_SEED") ?? Date.now() % 1_000_000);

Deno.test(`counters equal a recount after anything (FUZZ_SEED=${seed})`, () => {
  const fixture = new Fixture();
  const { registry } = fixture;
  const next = seededRandom(seed);
  const random = (below: number) => Math.floor(next() * below);
  const txid = (): Txid | null => random(4) === 0 ? null : txidOf(random(3));
  const observations: (() => Observation)[] = [
    () => ({ proved: random(2) === 0 }),
    () => ({ txid: txid() }),
    () => ({ replicatedTxid: txid() }),
    () => ({ dirtySince: random(2) === 0 ? null : fixture.now }),
    () => ({ paused: random(4) === 0 }),
    () => ({ blocked: random(3) === 0 ? "locked" : null }),
    () => ({
      error: random(3) === 0
        ? { message: "denied", hint: null, at: fixture.now }
        : null,
    }),
    () => ({
      activity:
        (["asleep", "waking", "awake", "drowsing"] as const)[random(4)]!,
    }),
  ];
  const onDisk = new Set<string>();
  const seen = new Set<Status>();
  for (let i = 0; i < 20_000; i++) {
    const id = idOf(random(20));
    const path = `/data/${random(3)}/${id}.db`;
    switch (random(8)) {
      case 0:
      case 1:
        // As discovery does: found once, then changed or lost.
        if (onDisk.has(path)) fixture.changed(path, id);
        else fixture.found(path, id);
        onDisk.add(path);
        break;
      case 2:
        if (onDisk.delete(path)) fixture.lost(path, id);
        break;
      case 3:
        fixture.wait(random(RPO_MS));
        break;
      case 4:
        if (random(10) === 0) registry.forget(id);
        break;
      default:
        registry.observe(id, observations[random(observations.length)]!());
    }
    const status = registry.get(id)?.status;
    if (status !== undefined) seen.add(status);
    if (i % 50 === 0) assertSound(fixture);
  }
  assertSound(fixture);
  for (const client of registry.clients()) {
    const paths = [...onDisk].filter((path) => path.includes(client.id)).sort();
    const known = client.presence === "gone"
      ? []
      : [client.path, ...client.duplicates].sort();
    assert.deepEqual(known, paths);
  }
  assert.deepEqual([...seen].sort(), [...STATUSES].sort());
});

/** Everything that is kept while clients change equals what one would count. */
function assertSound({ registry, now }: Fixture): void {
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0]));
  const attention: ClientId[] = [];
  let awake = 0;
  let size = 0;
  for (const client of registry.clients()) {
    size++;
    counts[client.status] = counts[client.status]! + 1;
    if (client.activity !== "asleep") awake++;
    const proved = client.proved && client.dirtySince === null &&
      client.txid !== null && client.replicatedTxid !== null &&
      client.replicatedTxid >= client.txid;
    if (
      client.activity !== "asleep" || client.presence === "present" && !proved
    ) attention.push(client.id);
    assert.equal(client.status, statusOf(client, now, { rpoMs: RPO_MS }));
  }
  assert.equal(registry.size, size);
  assert.equal(registry.awake, awake);
  assert.deepEqual(registry.counts.value, counts);
  assert.deepEqual(
    [...registry.attention()].map(({ id }) => id).sort(),
    attention.sort(),
  );
}

Deno.test("100,000 clients take at most 1 KB each", () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const heap = () => {
    gc();
    gc();
    return Deno.memoryUsage().heapUsed;
  };
  const COUNT = 100_000;
  const before = heap();
  const fixture = new Fixture();
  for (let n = 0; n < COUNT; n++) {
    // Made like discovery makes them, so that the texts cost what they cost there.
    const path = ["/srv/customers/data", `${idOf(n)}.db`].join("/");
    const id = parseClientId(path.slice(-39, -3))!;
    const facts = factsAt(START, { inode: BigInt(n) });
    fixture.found(path, id, facts);
    fixture.protect(id, txidOf(n));
    fixture.registry.observe(id, { fingerprint: fingerprintOf(facts) });
  }
  const bytes = Math.round((heap() - before) / COUNT);
  assert.equal(fixture.registry.counts.value.protected, COUNT);
  // deno-lint-ignore no-console -- the figure is what this test is for
  console.log(`${bytes} bytes for each of ${COUNT} clients`);
  assert.ok(bytes > 100, "nothing was measured");
  assert.ok(bytes <= 1_024, `${bytes} bytes for each client`);
});
