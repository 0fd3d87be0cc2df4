import assert from "node:assert/strict";
import { fingerprintOf } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import type { Drill } from "../domain/drill.ts";
import { type Txid, txidOf } from "../domain/txid.ts";
import { Registry } from "../registry/registry.ts";
import type { StoredClient } from "../store/store.ts";
import { changed, found } from "../../tests/support/discovered.ts";
import { emptyRow, factsAt } from "../../tests/support/fake_world.ts";
import { someId } from "../../tests/support/some_client.ts";
import { until } from "../../tests/support/until.ts";
import { Driller } from "./driller.ts";

const DAY_MS = 24 * 3600_000;

Deno.test("unasked, the one whose last drill is longest ago is tried, so many a day", async () => {
  await using world = new World({ perDay: 24 });
  for (const n of [1, 2, 3]) world.add(n);
  // A day without a snapshot: restoring it would read more.
  world.setSnapshot(3, null);
  world.begin();
  await world.passes(DAY_MS / 24);
  assert.equal(world.told.length, 1);
  await world.passes(DAY_MS / 24);
  assert.deepEqual(world.ids, [someId(1), someId(2)]);
  await world.passes(DAY_MS / 24);
  assert.deepEqual(world.ids, [someId(1), someId(2), someId(1)]);
});

Deno.test("one that restarts goes on with the pace where it stopped", async () => {
  await using world = new World({ perDay: 1 });
  world.add(1);
  world.registry.observe(someId(1), {
    drill: {
      at: world.time - DAY_MS / 2,
      result: "passed",
      txid: txidOf(1),
      problem: null,
    },
  });
  world.begin();
  await world.passes(DAY_MS / 4);
  assert.equal(world.told.length, 0);
  await world.passes(DAY_MS / 4);
  assert.equal(world.told.length, 1);
});

Deno.test("with none a day, only what a person wants is tried, when it sleeps", async () => {
  await using world = new World({ perDay: 0 });
  for (const n of [1, 2]) world.add(n);
  world.registry.observe(someId(2), { activity: "awake" });
  world.begin();
  world.driller.request(someId(2));
  await world.passes(30 * DAY_MS);
  assert.equal(world.told.length, 0);
  world.registry.observe(someId(2), { activity: "asleep" });
  await until("it was tried", () => world.told.length === 1, {
    timeoutMs: 5_000,
  });
  assert.deepEqual(world.ids, [someId(2)]);
});

Deno.test("one that is written while it is tried is let go at once, and tried again later", async () => {
  await using world = new World({ perDay: 0 });
  world.add(1);
  let aborted = false;
  world.restore = (signal) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        aborted = true;
        reject(signal.reason);
      });
    });
  world.begin();
  world.driller.request(someId(1));
  await until("it is tried", () => world.restores === 1);
  const facts = factsAt(2n);
  const { path } = world.registry.get(someId(1))!;
  world.registry.discover(changed({ id: someId(1), path, facts }));
  await until("it was let go", () => aborted);
  await until("it was told", () => world.reasons.length === 1);
  assert.match(world.reasons[0]!, /used meanwhile/);
  world.restore = () => Promise.resolve("live");
  world.facts = facts;
  world.registry.observe(someId(1), {
    dirtySince: null,
    fingerprint: fingerprintOf(facts),
  });
  await world.passes(2_000);
  assert.equal(world.told[0]!.drill.result, "passed");
});

Deno.test("one that is refuted is not protected, and tried again when it was uploaded anew, ever later", async () => {
  await using world = new World({ perDay: 0 });
  world.add(1);
  world.restore = () => Promise.resolve("other");
  world.onDrill = (id) => {
    world.registry.observe(id, { proved: false });
    world.setSnapshot(1, null);
  };
  world.begin();
  world.driller.request(someId(1));
  const anew = async (n: number) => {
    await until("it was tried", () => world.told.length === n, {
      timeoutMs: 5_000,
    });
    assert.equal(world.registry.get(someId(1))!.status, "failing");
    world.registry.observe(someId(1), { proved: true });
    // Restores still begin with the old snapshot.
    await world.passes(0);
    assert.equal(world.told.length, n);
    world.setSnapshot(1, txidOf(1));
    assert.equal(world.registry.get(someId(1))!.status, "failing");
  };
  await anew(1);
  await anew(2);
  await world.passes(10_000);
  assert.equal(world.told.length, 2, "too soon");
  await world.passes(DAY_MS);
  await anew(3);
  world.onDrill = () => {};
  world.restore = () => Promise.resolve("live");
  await world.passes(DAY_MS);
  await until("it was tried", () => world.told.length === 4, {
    timeoutMs: 5_000,
  });
  assert.equal(world.registry.get(someId(1))!.status, "protected");
  await world.passes(30 * DAY_MS);
  assert.equal(world.told.length, 4);
});

Deno.test("one that was refuted before a restart is tried at once", async () => {
  await using world = new World({ perDay: 0 });
  world.add(1);
  world.registry.observe(someId(1), {
    drill: { at: 1, result: "refuted", txid: txidOf(1), problem: "cut off" },
  });
  world.begin();
  await until("it was tried", () => world.told.length === 1, {
    timeoutMs: 5_000,
  });
  assert.equal(world.registry.get(someId(1))!.status, "protected");
});

Deno.test("a store that does not answer is tried again after a pause, and a person told", async () => {
  await using world = new World({ perDay: 0 });
  world.add(1);
  world.restore = () => Promise.reject(new Error("connection refused"));
  world.begin();
  world.driller.request(someId(1));
  await until("it was told", () => world.reasons.length === 1);
  assert.equal(world.registry.get(someId(1))!.status, "protected");
  world.restore = () => Promise.resolve("live");
  await world.passes(1_000);
  assert.equal(world.told.length, 0);
  await world.passes(DAY_MS);
  assert.equal(world.told.length, 1);
});

Deno.test("when drills come to nothing for whatever client it is told, until they do again", async () => {
  await using world = new World({ perDay: 24 });
  for (const n of [1, 2, 3]) world.add(n);
  world.restore = () => Promise.reject(new Error("connection refused"));
  world.begin();
  for (const n of [1, 2, 3]) {
    assert.deepEqual(world.troubles, []);
    await world.passes(DAY_MS / 24);
    assert.equal(world.restores, n, "each has its turn");
  }
  assert.deepEqual(world.troubles, ["connection refused"]);
  world.restore = () => Promise.resolve("live");
  await world.passes(DAY_MS);
  assert.deepEqual(world.troubles, ["connection refused", null]);
});

Deno.test("a wish that comes to nothing again and again is given up", async () => {
  await using world = new World({ perDay: 0 });
  world.add(1);
  world.restore = () => Promise.reject(new Error("connection refused"));
  world.begin();
  world.driller.request(someId(1));
  for (let n = 0; n < 8; n++) await world.passes(DAY_MS);
  assert.equal(world.restores, 5);
  assert.deepEqual(world.given, [false, false, false, false, true]);
});

Deno.test("one that is damaged is tried again when it was written", async () => {
  await using world = new World({ perDay: 0 });
  world.add(1);
  world.registry.observe(someId(1), {
    drill: { at: 1, result: "damaged", txid: txidOf(1), problem: "broken" },
  });
  world.begin();
  await world.passes(DAY_MS);
  assert.equal(world.restores, 0);
  world.registry.observe(someId(1), {
    txid: txidOf(2),
    replicatedTxid: txidOf(2),
  });
  await until("it was tried", () => world.told.length === 1);
  assert.equal(world.registry.get(someId(1))!.status, "protected");
});

Deno.test("one that is refuted, and paused for a moment, is still tried again", async () => {
  await using world = new World({ perDay: 0 });
  world.add(1);
  world.restore = () => Promise.resolve("other");
  world.onDrill = (id) => world.registry.observe(id, { paused: true });
  world.begin();
  world.driller.request(someId(1));
  await until("it was refuted", () => world.told.length === 1);
  await world.passes(0);
  world.onDrill = () => {};
  world.restore = () => Promise.resolve("live");
  world.registry.observe(someId(1), { paused: false });
  await until("it was tried", () => world.told.length === 2);
  assert.equal(world.registry.get(someId(1))!.status, "protected");
});

for (const change of ["paused", "gone"] as const) {
  Deno.test(`one that is ${change} meanwhile is not wanted any more`, async () => {
    await using world = new World({ perDay: 0 });
    world.add(1);
    world.registry.observe(someId(1), { activity: "awake" });
    world.begin();
    world.driller.request(someId(1));
    const { path } = world.registry.get(someId(1))!;
    if (change === "paused") {
      world.registry.observe(someId(1), { paused: true });
    } else world.registry.discover({ kind: "lost", id: someId(1), path });
    world.registry.observe(someId(1), { activity: "asleep" });
    await world.passes(2 * DAY_MS);
    assert.equal(world.restores, 0);
  });
}

/** Clients that sleep and are proved, restores that come to what a test wants, and a clock. */
class World implements AsyncDisposable {
  time = 1_700_000_000_000;
  readonly registry: Registry;
  readonly rows = new Map<ClientId, StoredClient>();
  readonly told: { readonly id: ClientId; readonly drill: Drill }[] = [];
  readonly reasons: string[] = [];
  readonly given: boolean[] = [];
  readonly troubles: (string | null)[] = [];
  readonly driller: Driller;
  facts = factsAt(1n);
  restores = 0;
  restore: (signal: AbortSignal) => Promise<string> = () =>
    Promise.resolve("live");
  onDrill: (id: ClientId) => void = () => {};

  constructor({ perDay }: { perDay: number }) {
    const now = () => this.time;
    this.registry = new Registry({ rpoMs: 60_000 }, { now });
    this.driller = new Driller({
      perDay,
      ports: {
        registry: this.registry,
        rows: () => this.rows.values(),
        row: (id) => this.rows.get(id),
        freeBytes: () => Infinity,
        now,
        facts: () => this.facts,
        digest: (path) =>
          Promise.resolve(path.startsWith("/data/") ? "live" : path),
        restore: async (_, { signal }, use) => {
          this.restores++;
          return await use(await this.restore(signal));
        },
      },
      onDrill: (id, drill) => {
        this.told.push({ id, drill });
        this.onDrill(id);
      },
      onInconclusive: (_, reason, last) => {
        this.reasons.push(reason);
        this.given.push(last);
      },
      onTrouble: (reason) => this.troubles.push(reason),
      lookMs: 5,
    });
  }

  get ids(): ClientId[] {
    return this.told.map(({ id }) => id);
  }

  add(n: number): void {
    const id = someId(n);
    const path = `/data/${id}.db`;
    this.registry.discover(found({ id, path, facts: this.facts }));
    const proof = {
      proved: true,
      txid: txidOf(1),
      replicatedTxid: txidOf(1),
      fingerprint: fingerprintOf(this.facts),
    };
    this.registry.observe(id, { ...proof, dirtySince: null });
    this.rows.set(id, {
      ...emptyRow(id, path),
      ...proof,
      snapshotTxid: txidOf(1),
    });
  }

  setSnapshot(n: number, snapshotTxid: Txid | null): void {
    const id = someId(n);
    this.rows.set(id, { ...this.rows.get(id)!, snapshotTxid });
  }

  begin(): void {
    this.driller.start();
  }

  /** Time passes, and what is due then gets some real time. */
  async passes(ms: number): Promise<void> {
    this.time += ms;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.driller[Symbol.asyncDispose]();
  }
}
