import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { changed, found } from "../../tests/support/discovered.ts";
import {
  ahead,
  clean,
  factsAt,
  FakeWorld,
} from "../../tests/support/fake_world.ts";
import { someId } from "../../tests/support/some_client.ts";
import { until } from "../../tests/support/until.ts";
import { fingerprintOf } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import type { LtxHeader } from "../domain/ltx_header.ts";
import { txidOf } from "../domain/txid.ts";
import { headerOf } from "../litestream/continuity.ts";
import { fallAsleep } from "./fall_asleep.ts";
import { BusyError } from "./pin.ts";

Deno.test("a client is backed up and sleeps, protected", async () => {
  await using world = new FakeWorld();
  world.find();
  world.scheduler.start();
  await isAsleep(world);
  assert.deepEqual(world.calls, ["register", "unregister"]);
  assert.equal(world.registry.get(world.id)?.txid, world.txid);
  assert.equal(world.rows.get(world.id)?.proved, true);
});

Deno.test("a file that is replaced as its client wakes is backed up before it counts as protected", async () => {
  await using world = new FakeWorld();
  const { id, path, registry, ports: { files } } = world;
  // It has LTX files, and no record that they are complete.
  world.finding = ahead(txidOf(1));
  world.txid = txidOf(2);
  let replaced = false;
  files.pinTruncated = () =>
    Promise.resolve({
      // The verdict came and the file was compared; the pin is let go of.
      async [Symbol.asyncDispose]() {
        if (replaced) return;
        replaced = true;
        await delay(5);
        world.facts = factsAt(1n, 2n);
        registry.discover({ kind: "lost", id, path });
        registry.discover(found({ id, path, facts: world.facts }));
      },
    });
  const tooEarly: string[] = [];
  using _listener = registry.onChange((after) => {
    if (replaced && world.count("register") < 2) tooEarly.push(after!.status);
  });
  world.find();
  world.scheduler.start();
  await until("it is backed up again", () => world.count("register") === 2);
  assert(tooEarly.length > 0);
  assert(!tooEarly.includes("protected"), tooEarly.join());
  await isAsleep(world);
});

Deno.test("a client whose LTX files are gone is not protected by what its replica had", async () => {
  await using world = new FakeWorld();
  const { id, path, registry, scheduler, ports } = world;
  world.txid = txidOf(9);
  world.protect();
  // The bucket is another one by now, and transactions begin at 1 again.
  world.txid = txidOf(1);
  world.finding = { kind: "new" };
  world.facts = factsAt(50n);
  registry.discover(changed({ id, path, facts: world.facts }));
  const { register } = ports.daemon;
  ports.daemon.register = async (path, url) => {
    await register(path, url);
    world.uploads = false;
  };
  const told: string[] = [];
  using _listener = registry.onChange((after) => told.push(after!.status));
  scheduler.start();
  await until("it has its snapshot", () => scheduler.work.snapshots === 1);
  // Time to look, and to claim.
  await delay(300);
  assert.equal(registry.get(id)?.activity, "awake");
  assert(!told.includes("protected"), told.join());
  world.tellUpload();
  await until("it is protected", () => told.includes("protected"));
  assert.equal(registry.get(id)?.replicatedTxid, txidOf(1));
});

for (
  const { listed, what, calls, walSize = 4120 } of [
    {
      listed: txidOf(1),
      what: "would come a second late is hastened, under the same pin",
      calls: ["pin", "register", "unregister", "register", "let go"],
    },
    {
      listed: txidOf(2),
      what: "has begun is left to itself",
      calls: ["pin", "register", "let go"],
    },
    {
      listed: null,
      what: "waits for a slow store is left to itself",
      calls: ["pin", "register", "let go"],
    },
    {
      listed: txidOf(1),
      what: "is large is left to itself",
      walSize: 2 << 20,
      calls: ["pin", "register", "let go"],
    },
  ]
) {
  Deno.test(`an upload that ${what}`, async () => {
    await using world = new FakeWorld({ idleAfterMs: 60_000 });
    const { id, path, registry, scheduler, ports: { daemon, files } } = world;
    world.protect();
    const [before, after] = [world.txid, txidOf(2)];
    const { unregister } = daemon;
    files.pin = () => {
      world.calls.push("pin");
      return Promise.resolve({
        async [Symbol.asyncDispose]() {
          await Promise.resolve();
          world.calls.push("let go");
        },
      });
    };
    daemon.register = () => {
      world.calls.push("register");
      world.registered.add(path);
      setTimeout(() => {
        const at = Date.now() + 1;
        scheduler.hear({ kind: "verify", id, at, saltMatch: true });
        scheduler.hear({ kind: "sync", id, at, txid: after, snapshot: false });
        if (listed !== null) {
          const replica = { replicaTxid: before, localTxid: listed };
          scheduler.hear({ kind: "replica", id, at, ...replica });
        }
        world.txid = after;
        const tip = { ...headerOf(clean(after))!, walSize };
        setTimeout(() => world.finding = { kind: "clean", tip }, 30);
      }, 20);
      return Promise.resolve();
    };
    daemon.unregister = async (path, timeoutMs) => {
      world.tellUpload();
      return await unregister(path, timeoutMs);
    };
    scheduler.start();
    world.write();
    await until("it is awake", () => registry.get(id)?.activity === "awake");
    assert.deepEqual(world.calls, calls);
    world.tellUpload();
    await until("all is proved", () => world.status === "protected, awake");
    assert.deepEqual(world.calls, calls);
  });
}

Deno.test("a WAL that was restarted while an upload was hastened ends in a full snapshot", async () => {
  await using world = new FakeWorld({ idleAfterMs: 60_000 });
  const { id, registry, scheduler, ports: { daemon, files } } = world;
  world.protect();
  const [before, after] = [world.txid, txidOf(2)];
  const { register, unregister } = daemon;
  files.pin = () =>
    Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve() });
  let registered = 0;
  daemon.register = async (path, url) => {
    if (++registered > 1) return await register(path, url);
    world.registered.add(path);
    const at = Date.now() + 1;
    scheduler.hear({ kind: "verify", id, at, saltMatch: true });
    scheduler.hear({ kind: "sync", id, at, txid: after, snapshot: false });
    const replica = { replicaTxid: before, localTxid: before };
    scheduler.hear({ kind: "replica", id, at, ...replica });
    world.finding = clean(after);
  };
  daemon.unregister = async (path, timeoutMs) => {
    world.txid = txidOf(4);
    const tip = { ...headerOf(clean(txidOf(3)))!, salt1: 2 };
    world.finding = { kind: "clean", tip };
    return await unregister(path, timeoutMs);
  };
  scheduler.start();
  world.write();
  await until("it is awake", () => registry.get(id)?.activity === "awake");
  assert.equal(registered, 2);
  assert.equal(scheduler.work.snapshots, 1);
});

Deno.test("a change that is told just as a client falls asleep is kept", async () => {
  await using world = new FakeWorld();
  const { id, path, registry } = world;
  world.protect();
  registry.observe(id, { activity: "awake", dirtySince: Date.now() });
  world.registered.add(path);
  const later = factsAt(50n);
  const ports = {
    ...world.ports,
    registry: {
      get: (one: typeof id) => registry.get(one),
      signal: (one: typeof id) => registry.signal(one),
      observe(
        one: typeof id,
        observation: Parameters<typeof registry.observe>[1],
      ) {
        registry.observe(one, observation);
        if (observation.fingerprint == null) return;
        // It was proved; before anybody hears of that, the file is written.
        world.facts = later;
        queueMicrotask(() =>
          registry.discover(changed({ id, path, facts: later }))
        );
      },
    },
  };
  assert.equal(
    await fallAsleep(id, ports, { path: null, timeoutMs: 1_000 }),
    null,
  );
  const client = registry.get(id)!;
  assert.equal(client.fingerprint, fingerprintOf(factsAt(1n)));
  assert.equal(client.activity, "asleep");
  assert.notEqual(client.dirtySince, null);
  assert.notEqual(client.status, "protected");
});

Deno.test("a client whose files cannot be looked at falls asleep all the same, and is tried again after a while", async () => {
  await using world = new FakeWorld();
  const { daemon, files } = world.ports;
  let broken = false;
  let looks = 0;
  const { unregister } = daemon;
  daemon.unregister = async (path, timeoutMs) => {
    const txid = await unregister(path, timeoutMs);
    // Its application writes in the last moment.
    if (world.count("unregister") === 1) broken = true;
    return txid;
  };
  files.facts = () => {
    if (!broken) return world.facts;
    looks++;
    throw new Error("I/O error (os error 5)");
  };
  world.find();
  world.scheduler.start();
  await until("the disk fails", () => looks > 0);
  await until(
    "it is asleep, and says why",
    () => world.status === "failing, asleep",
    { timeoutMs: 10_000 },
  );
  assert.match(
    world.registry.get(world.id)?.error?.message ?? "",
    /os error 5/,
  );
  // One that is tried over and over fails dozens of times in this time.
  await delay(700);
  assert(looks < 10, `${looks} looks`);
  broken = false;
  await isAsleep(world);
  assert.equal(world.count("unregister"), world.count("register"));
});

Deno.test("a client that failed is tried again although the clock was set back", async () => {
  await using world = new FakeWorld();
  const { daemon } = world.ports;
  const { register } = daemon;
  let fails = true;
  daemon.register = async (path, url) => {
    if (!fails) return await register(path, url);
    throw new Error("no such place");
  };
  let back = 0;
  world.now = () => Date.now() - back;
  world.find();
  world.scheduler.start();
  await until("it failed", () => world.status === "failing, asleep");
  fails = false;
  back = 3600_000;
  await isAsleep(world);
});

Deno.test("an outage ends the day's snapshots at the first failure, and takes nobody's proof", async () => {
  await using world = new FakeWorld();
  const { registry, rows, ports } = world;
  let failures = 0;
  world.protect();
  const ids = Array.from({ length: 8 }, (_, index) => someId(index + 1));
  dueForSnapshots(world, ids);
  ports.replicateOnce = async () => {
    failures++;
    await delay(20);
    throw new Error("dial tcp: connection refused");
  };
  const told = new Set<string>();
  using _listener = registry.onChange((after) => told.add(after!.status));
  world.scheduler.start();
  await until("it failed", () => failures > 0);
  await until(
    "nobody is busy",
    () =>
      [...registry.clients()].every(({ activity }) => activity === "asleep"),
  );
  // Time for more, if there were any.
  await delay(500);
  assert(failures <= 2, `${failures} clients were tried`);
  for (const client of registry.clients()) {
    assert.equal(client.status, "protected");
    assert.equal(rows.get(client.id)?.proved, true);
  }
  assert.equal(world.count("register"), 0);
});

Deno.test("a snapshot that an application holds up is tried again after a while, not at once", async () => {
  await using world = new FakeWorld();
  const { scheduler, ports: { files } } = world;
  world.protect();
  let pins = 0;
  files.pin = () => {
    pins++;
    return Promise.reject(new BusyError("locked"));
  };
  scheduler.start();
  scheduler.requestSnapshot(world.id);
  await until("it was tried", () => pins > 0);
  await delay(1_500);
  assert.equal(pins, 1);
  assert.equal(world.status, "protected, asleep");
  world.now = () => Date.now() + 11_000;
  await until("it was tried again", () => pins === 2, { timeoutMs: 5_000 });
});

Deno.test("a snapshot of a client whose WAL is gone begins with a full sync", async () => {
  await using world = new FakeWorld();
  const { id, path, rows, ports } = world;
  world.protect();
  // Its application was the last to close it: the digest tells that nothing changed.
  ports.store.save({ id, path, digest: "digest" });
  const { tip } = clean(txidOf(1)) as { tip: LtxHeader };
  world.finding = { kind: "broken", tip, why: "the WAL is gone" };
  world.txid = txidOf(2);
  ports.replicateOnce = () => {
    world.calls.push("replicateOnce");
    world.tellSnapshot();
    return Promise.resolve();
  };
  world.scheduler.start();
  world.scheduler.requestSnapshot(id);
  await until("it was given to the daemon", () => world.count("register") > 0);
  world.now = () => Date.now() + 11_000;
  await until("it was taken", () => rows.get(id)?.snapshotTxid === txidOf(2));
  assert.deepEqual(
    world.calls.filter((call) => call !== "unregister"),
    ["register", "replicateOnce"],
  );
});

Deno.test("a client whose snapshot failed is woken by its next change like any other", async () => {
  await using world = new FakeWorld();
  const { ports } = world;
  world.protect();
  let failures = 0;
  ports.replicateOnce = () => {
    failures++;
    return Promise.reject(new Error("no space left on device"));
  };
  world.scheduler.start();
  world.scheduler.requestSnapshot(world.id);
  await until("it failed", () => failures > 0);
  await until("it sleeps", () => world.status === "protected, asleep");
  world.txid = txidOf(2);
  world.write();
  await until("it was given to the daemon", () => world.count("register") > 0, {
    timeoutMs: 5_000,
  });
  // Another wish of a person is served at once, and that of the first is not lost.
  const { id, path } = world;
  let taken = 0;
  ports.replicateOnce = () => {
    taken++;
    world.tellSnapshot();
    return Promise.resolve();
  };
  world.scheduler.requestSnapshot(id);
  await until("it was taken", () => world.rows.get(id)?.snapshotTxid != null);
  assert.equal(taken, 1, path);
});

Deno.test("a client that wakes while others have their daily snapshot taken is left to the daemon", async () => {
  await using world = new FakeWorld({ idleAfterMs: 3600_000 });
  const { id, registry, ports, scheduler } = world;
  world.protect();
  // Looked through from the last to the first, two at a time.
  const all = [id, ...[2, 3, 4, 5].map((number) => someId(number))];
  dueForSnapshots(world, all);
  const taken: string[] = [];
  let atOnce = 0, most = 0;
  const hold = Promise.withResolvers<void>();
  ports.replicateOnce = async (path) => {
    taken.push(path);
    most = Math.max(most, ++atOnce);
    await hold.promise;
    atOnce--;
  };
  scheduler.start();
  await until("two are taken", () => taken.length === 2);
  world.write();
  await until("it is awake", () => world.status === "protected, awake");
  hold.resolve();
  await until("the others are taken", () => taken.length === 4);
  // Time for one more.
  await delay(300);
  assert(!taken.includes(world.path), taken.join());
  assert.equal(most, 2);
  assert.equal(registry.get(id)?.activity, "awake");
});

Deno.test("snapshots that take longer than the next look for more are not joined by more", async () => {
  await using world = new FakeWorld();
  let ahead = 0;
  world.now = () => Date.now() + ahead;
  world.protect();
  const all = [1, 2, 3, 4, 5, 6].map((number) => someId(number));
  dueForSnapshots(world, all);
  let begun = 0;
  const hold = Promise.withResolvers<void>();
  world.ports.replicateOnce = async () => {
    begun++;
    await hold.promise;
  };
  world.scheduler.start();
  await until("two have begun", () => begun === 2);
  for (let look = 0; look < 3; look++) {
    ahead += 61_000;
    const { asked } = world;
    await until("a plan was made", () => world.asked > asked + 1);
  }
  assert.equal(begun, 2);
  hold.resolve();
});

Deno.test("the next look for daily snapshots is not put off by a clock that was set back", async () => {
  await using world = new FakeWorld();
  let back = 0;
  world.now = () => Date.now() - back;
  world.protect();
  world.scheduler.start();
  await until("a plan was made", () => world.asked > 0);
  back = 5 * 24 * 3600_000;
  const housekeptAt = world.now() - 25 * 3600_000;
  world.ports.store.save({ id: world.id, path: world.path, housekeptAt });
  const { asked } = world;
  await until("a plan was made by that clock", () => world.asked > asked);
  back -= 61_000;
  await until(
    "its snapshot is taken",
    () => world.count("replicateOnce") === 1,
    {
      timeoutMs: 20_000,
    },
  );
});

Deno.test("a client that is written as it falls asleep is in the replica when the program ends", async () => {
  await using world = new FakeWorld();
  const { scheduler, ports: { daemon } } = world;
  const { unregister } = daemon;
  let drained: Promise<void> | null = null;
  daemon.unregister = async (one, timeoutMs) => {
    const txid = await unregister(one, timeoutMs);
    if (drained === null) {
      world.write();
      drained = scheduler.drain({ boundMs: 10_000 });
    }
    return txid;
  };
  world.find();
  scheduler.start();
  await until("it ends", () => drained !== null);
  await drained;
  assert.deepEqual(scheduler.unsynced(), []);
  assert.equal(world.status, "protected, asleep");
  assert.equal(world.count("register"), 2);
  assert.equal(world.count("unregister"), 2);
});

Deno.test("a WAL that is restarted in a last sync that fails proves nothing, over a restart too", async () => {
  await using world = new FakeWorld({ idleAfterMs: 3600_000 });
  const { scheduler, registry, rows, id, ports: { daemon } } = world;
  world.protect();
  world.write();
  scheduler.start();
  await until("it is awake", () => world.status === "protected, awake");
  daemon.unregister = (path) => {
    world.registered.delete(path);
    world.txid = txidOf(2);
    const { tip } = clean(world.txid) as { tip: LtxHeader };
    world.finding = { kind: "ahead", tip: { ...tip, salt1: 2, salt2: 2 } };
    return Promise.reject(new Error("connection refused"));
  };
  await fallAsleep(id, world.ports, { path: null, timeoutMs: 1_000 });
  assert.equal(registry.get(id)!.proved, false);
  assert.equal(rows.get(id)!.proved, false);
});

Deno.test("one whose distrust cannot be written falls asleep all the same, and is not trusted", async () => {
  await using world = new FakeWorld({ idleAfterMs: 3600_000 });
  const { scheduler, registry, id, ports: { daemon, store } } = world;
  world.protect();
  world.write();
  scheduler.start();
  await until("it is awake", () => world.status === "protected, awake");
  daemon.unregister = (path) => {
    world.registered.delete(path);
    const { tip } = clean(txidOf(2)) as { tip: LtxHeader };
    world.finding = { kind: "clean", tip: { ...tip, salt1: 2, salt2: 2 } };
    store.markUnproved = () => Promise.reject(new Error("disk is full"));
    return Promise.resolve(null);
  };
  const options = { path: null, timeoutMs: 1_000 };
  assert.match((await fallAsleep(id, world.ports, options))!, /full/);
  const { activity, proved } = registry.get(id)!;
  assert.deepEqual([activity, proved], ["asleep", false]);
});

Deno.test("at the end, a database without a first backup is left to the next start", async () => {
  await using world = new FakeWorld({ idleAfterMs: 3600_000 });
  const { scheduler, registry } = world;
  world.protect();
  world.write();
  scheduler.start();
  await until("it is awake", () => world.status === "protected, awake");
  const late = someId(9);
  const path = `/data/${late}.db`;
  registry.discover(found({ id: late, path, facts: factsAt(1n) }));
  registry.observe(late, { error: null });
  await scheduler.drain({ boundMs: 10_000 });
  assert.deepEqual(scheduler.unsynced().map(({ id }) => id), [late]);
  assert.equal(world.count("register"), 1);
});

Deno.test("a client whose WAL Litestream restarts in its last sync is in the replica when the program ends", async () => {
  await using world = new FakeWorld({ idleAfterMs: 3600_000 });
  const { scheduler, ports: { daemon } } = world;
  world.protect();
  world.write();
  scheduler.start();
  await until("it is awake", () => world.status === "protected, awake");
  const { unregister } = daemon;
  daemon.unregister = async (...args) => {
    const txid = await unregister(...args);
    if (world.count("unregister") > 1) return txid;
    // Its checkpoint makes another LTX file, of a WAL that begins anew.
    world.txid = txidOf(2);
    const { tip } = clean(world.txid) as { tip: LtxHeader };
    world.finding = { kind: "clean", tip: { ...tip, salt1: 2, salt2: 2 } };
    world.tellUpload();
    return world.txid;
  };
  await scheduler.drain({ boundMs: 10_000 });
  assert.deepEqual(scheduler.unsynced(), []);
  assert.equal(world.count("register"), 2);
  assert.equal(world.count("unregister"), 2);
});

Deno.test("what Litestream moves after it let go, as the program ends, is settled once more", async () => {
  await using world = new FakeWorld({ idleAfterMs: 3600_000 });
  const { scheduler, registry, id, path } = world;
  world.protect();
  world.write();
  scheduler.start();
  await until("it is awake", () => world.status === "protected, awake");
  await scheduler.drain({ boundMs: 10_000 });
  const before = registry.get(id)!.fingerprint;
  // Its WAL went into the database: the pages that a reader sees are the same.
  world.facts = { ...factsAt(60n), size: 8192n };
  registry.discover(changed({ id, path, facts: world.facts }));
  assert.equal(scheduler.unsynced().length, 1);
  await scheduler.settleLast({ boundMs: 1_000 });
  assert.deepEqual(scheduler.unsynced(), []);
  assert.notEqual(registry.get(id)!.fingerprint, before);
  assert.equal(world.rows.get(id)!.fingerprint, registry.get(id)!.fingerprint);

  // Other pages are another matter.
  world.ports.files.digest = () => Promise.resolve("other");
  world.facts = factsAt(70n);
  registry.discover(changed({ id, path, facts: world.facts }));
  await scheduler.settleLast({ boundMs: 1_000 });
  assert.equal(scheduler.unsynced().length, 1);
});

const requests: [
  name: string,
  begin: (world: FakeWorld) => void | Promise<void>,
  calls: string[],
][] = [
  ["is asleep", (world) => world.protect(), ["replicateOnce"]],
  [
    "is awake",
    async (world) => {
      world.protect();
      world.write();
      world.scheduler.start();
      await until("it is awake", () => world.status === "protected, awake");
    },
    ["register", "unregister", "replicateOnce"],
  ],
  [
    "is not protected yet",
    (world) => world.find(),
    ["register", "unregister", "replicateOnce"],
  ],
];

for (const [name, begin, calls] of requests) {
  Deno.test(`a snapshot of a client that ${name} is taken when it sleeps`, async () => {
    // Nobody would let it sleep but who wants the snapshot.
    await using world = new FakeWorld({ idleAfterMs: 3600_000 });
    const { id, registry, ports, scheduler } = world;
    const states: string[] = [];
    ports.replicateOnce = () => {
      states.push(registry.get(id)!.activity);
      world.calls.push("replicateOnce");
      const at = Date.now() + 1;
      world.txid = txidOf(2);
      world.finding = clean(world.txid);
      const { txid } = world;
      scheduler.hear({ kind: "verify", id, at, saltMatch: true });
      scheduler.hear({ kind: "sync", id, at, txid, snapshot: false });
      scheduler.hear({ kind: "uploaded", id, at, level: 0, txid, bytes: 1 });
      scheduler.hear({ kind: "uploaded", id, at, level: 9, txid, bytes: 1 });
      return Promise.resolve();
    };
    await begin(world);
    scheduler.requestSnapshot(id);
    scheduler.start();
    await until(
      "it is taken",
      () => scheduler.work.snapshots > 0 && states.length > 0,
    );
    await isAsleep(world);
    assert.deepEqual(states, ["drowsing"]);
    assert.deepEqual(world.calls, calls);
    assert.equal(world.rows.get(id)?.snapshotTxid, txidOf(2));
    // Once asked for, once taken.
    await delay(300);
    assert.equal(states.length, 1);
  });
}

for (const what of ["is paused", "is gone"]) {
  Deno.test(`a snapshot of a client that ${what} is not taken, nor later`, async () => {
    await using world = new FakeWorld();
    const { id, path, registry, scheduler } = world;
    world.protect();
    if (what === "is paused") registry.observe(id, { paused: true });
    else registry.discover({ kind: "lost", id, path });
    scheduler.requestSnapshot(id);
    scheduler.requestSnapshot(someId(2));
    scheduler.start();
    await delay(200);
    if (what === "is paused") registry.observe(id, { paused: false });
    else world.find();
    await delay(300);
    assert.deepEqual(world.calls, []);
  });
}

/** Clients that are asleep and protected, and changed since a snapshot a day ago. */
function dueForSnapshots(world: FakeWorld, ids: readonly ClientId[]): void {
  const { registry, ports, txid } = world;
  for (const id of ids) {
    const path = `/data/${id}.db`;
    const proof = { proved: true, txid, replicatedTxid: txid };
    registry.discover(found({ id, path, facts: world.facts! }));
    registry.observe(id, { ...proof, dirtySince: null });
    const housekeptAt = Date.now() - 25 * 3600_000;
    ports.store.save({ id, path, ...proof, housekeptAt });
  }
}

async function isAsleep(world: FakeWorld): Promise<void> {
  await until("it is protected, asleep", () => {
    if (world.status === "protected, asleep") return true;
    throw new Error(world.status);
  }, { timeoutMs: 20_000 });
}
