import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { AppDatabase } from "../../tests/support/app_database.ts";
import { pinHosts } from "../../tests/support/pinning_process.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { until } from "../../tests/support/until.ts";
import { LineSplitter } from "../domain/line_splitter.ts";
import { BusyError } from "./pin.ts";
import { PinKeeper } from "./pin_keeper.ts";

Deno.test("while a database is pinned its WAL is not restarted, after that it is", async () => {
  await using dir = await TempDir.create("pin");
  await using keeper = new PinKeeper([dir.path]);
  using app = open(dir);
  app.insert(1);
  const pin = await keeper.pin(app.path);
  assert(pin !== null);
  app.insert(5);
  assert.equal(app.checkpoint("TRUNCATE"), false);
  assert(walSize(app) > 0);
  await pin[Symbol.asyncDispose]();
  assert.equal(app.checkpoint("TRUNCATE"), true);
  assert.equal(walSize(app), 0);
  // Twice does no harm.
  await pin[Symbol.asyncDispose]();
});

Deno.test("a pin holds up no writer", async () => {
  await using dir = await TempDir.create("pin");
  await using keeper = new PinKeeper([dir.path]);
  using app = open(dir);
  await using _pin = await keeper.pin(app.path);
  app.insert(100);
  assert.equal(app.count(), 100);
});

Deno.test("a pin leaves the WAL as it was, when the application is away too", async () => {
  await using dir = await TempDir.create("pin");
  await using keeper = new PinKeeper([dir.path]);
  using app = open(dir);
  app.insert(3);
  // A crash leaves the WAL behind.
  const path = dir.join("crashed.db");
  for (const ending of ["", "-wal"]) {
    await Deno.copyFile(app.path + ending, path + ending);
  }
  const wal = await Deno.readFile(`${path}-wal`);
  const pin = await keeper.pin(path);
  await pin![Symbol.asyncDispose]();
  assert.deepEqual(await Deno.readFile(`${path}-wal`), wal);
});

Deno.test("a WAL is emptied, then pinned", async () => {
  await using dir = await TempDir.create("pin");
  await using keeper = new PinKeeper([dir.path]);
  using app = open(dir);
  app.insert(10);
  assert(walSize(app) > 0);
  await using pin = await keeper.pinTruncated(app.path);
  assert.equal(walSize(app), 0);
  assert.equal(app.count(), 10);
  assert(pin !== null);
});

Deno.test("an application in the middle of a transaction keeps the WAL from being emptied", async () => {
  await using dir = await TempDir.create("pin");
  await using keeper = new PinKeeper([dir.path]);
  using app = open(dir);
  using other = open(dir);
  app.insert(10);

  app.run("BEGIN IMMEDIATE");
  app.run("UPDATE items SET at = 1");
  await assert.rejects(keeper.pinTruncated(app.path), BusyError);
  app.run("COMMIT");

  // A reader that began before the last write needs what is in the WAL.
  other.run("BEGIN");
  other.count();
  app.insert(1);
  await assert.rejects(keeper.pinTruncated(app.path), BusyError);
  // It can be pinned as it is, all the while.
  const pin = await keeper.pin(app.path);
  await pin![Symbol.asyncDispose]();
  other.run("COMMIT");

  await using emptied = await keeper.pinTruncated(app.path);
  assert(emptied !== null);
});

Deno.test("an application that locks the database for itself is busy, not broken", async () => {
  await using dir = await TempDir.create("pin");
  await using keeper = new PinKeeper([dir.path]);
  using app = open(dir);
  app.run("PRAGMA locking_mode = EXCLUSIVE");
  app.insert(1);
  await assert.rejects(keeper.pin(app.path), BusyError);
  await assert.rejects(keeper.pinTruncated(app.path), BusyError);
});

Deno.test("a database that is not in WAL mode has nothing to pin, and stays as it is", async () => {
  await using dir = await TempDir.create("pin");
  await using keeper = new PinKeeper([dir.path]);
  using app = open(dir, "delete");
  app.insert(3);
  const before = await Deno.readFile(app.path);
  assert.equal(await keeper.pin(app.path), null);
  assert.equal(await keeper.pinTruncated(app.path), null);
  assert.deepEqual(await Deno.readFile(app.path), before);
  app.insert(1);
});

Deno.test("what cannot be opened is an error, and no lock", async () => {
  await using dir = await TempDir.create("pin");
  await using keeper = new PinKeeper([dir.path]);
  const notBusy = (error: Error) => {
    assert(!(error instanceof BusyError), error.message);
    return true;
  };
  await assert.rejects(keeper.pin(dir.join("none.db")), notBusy);
  const text = dir.join("text.db");
  await Deno.writeTextFile(text, "no database ".repeat(100));
  await assert.rejects(keeper.pin(text), notBusy);
  // The host lives on.
  using app = open(dir);
  await using pin = await keeper.pin(app.path);
  assert(pin !== null);
});

Deno.test("a missing database is not made", async () => {
  await using dir = await TempDir.create("pin");
  await using keeper = new PinKeeper([dir.path]);
  const path = dir.join("none.db");
  await assert.rejects(keeper.pin(path));
  await assert.rejects(keeper.pinTruncated(path));
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("many pins are held side by side", async () => {
  await using dir = await TempDir.create("pin");
  await using keeper = new PinKeeper([dir.path]);
  using apps = new DisposableStack();
  const all = Array.from(
    { length: 20 },
    (_, index) => apps.use(open(dir, "wal", `${index}.db`)),
  );
  for (const app of all) app.insert(1);
  const pins = await Promise.all(all.map(({ path }) => keeper.pin(path)));
  assert.equal((await pinHosts(Deno.pid)).length, 1);
  for (const app of all) assert.equal(app.checkpoint("TRUNCATE"), false);
  for (const [index, pin] of pins.entries()) {
    if (index % 2 === 0) await pin![Symbol.asyncDispose]();
  }
  for (const [index, app] of all.entries()) {
    assert.equal(app.checkpoint("TRUNCATE"), index % 2 === 0);
  }
});

Deno.test("calls that wait for a host that is killed fail, the next has another", async () => {
  await using dir = await TempDir.create("pin");
  await using keeper = new PinKeeper([dir.path]);
  using app = open(dir);
  app.insert(1);
  const pin = await keeper.pin(app.path);
  const [host] = await pinHosts(Deno.pid);
  Deno.kill(host!, "SIGSTOP");
  const waiting = [keeper.pin(app.path), keeper.pinTruncated(app.path)];
  const ends = Promise.allSettled(waiting);
  Deno.kill(host!, "SIGKILL");
  for (const end of await ends) {
    assert.equal(end.status, "rejected");
    assert.match((end as PromiseRejectedResult).reason.message, /host ended/);
  }
  // What it held is free, and letting go of it is no error.
  await pin![Symbol.asyncDispose]();
  assert.equal(app.checkpoint("TRUNCATE"), true);

  await using again = await keeper.pin(app.path);
  assert(again !== null);
  assert.notDeepEqual(await pinHosts(Deno.pid), [host]);
});

Deno.test("a host that nobody needs ends, and takes no later call with it", async () => {
  await using dir = await TempDir.create("pin");
  await using keeper = new PinKeeper([dir.path], { idleMs: 1 });
  using app = open(dir);
  app.insert(1);
  const hosts = new Set<number>();
  for (let attempt = 0; attempt < 20; attempt++) {
    const pin = await keeper.pin(app.path);
    assert(pin !== null);
    assert.equal(app.checkpoint("TRUNCATE"), false);
    for (const host of await pinHosts(Deno.pid)) hosts.add(host);
    await pin[Symbol.asyncDispose]();
    // Around the moment in which the host is told to end, and ends.
    await delay(attempt);
    app.insert(1);
  }
  assert(hosts.size > 1, "no host was ended");
  await until(
    "the last one ends",
    async () => (await pinHosts(Deno.pid)).length === 0,
  );
});

Deno.test("the end of the keeper ends its host, and all its pins", async () => {
  await using dir = await TempDir.create("pin");
  const keeper = new PinKeeper([dir.path]);
  using app = open(dir);
  app.insert(1);
  const pin = await keeper.pin(app.path);
  await keeper[Symbol.asyncDispose]();
  assert.deepEqual(await pinHosts(Deno.pid), []);
  assert.equal(app.checkpoint("TRUNCATE"), true);
  await pin![Symbol.asyncDispose]();
  await assert.rejects(keeper.pin(app.path), /the program ends/);
});

Deno.test("a host ends with its manager, however that ends", async () => {
  await using dir = await TempDir.create("pin");
  using app = open(dir);
  app.insert(1);
  const module = new URL(
    "../../tests/support/pinning_process.ts",
    import.meta.url,
  );
  const manager = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", fileURLToPath(module), dir.path, app.path],
    stdout: "piped",
  }).spawn();
  const lines = manager.stdout.pipeThrough(new LineSplitter()).getReader();
  const host = Number((await lines.read()).value);
  void lines.cancel();
  assert(host > 0);
  assert.equal(app.checkpoint("TRUNCATE"), false);
  manager.kill("SIGKILL");
  await manager.status;
  await until("the pin is gone", () => app.checkpoint("TRUNCATE"));
});

function open(
  dir: TempDir,
  journal: "wal" | "delete" = "wal",
  name = "app.db",
): AppDatabase {
  const app = AppDatabase.open(dir.join(name), { journal, autoCheckpoint: 0 });
  // What is locked is to be told at once.
  app.get("PRAGMA busy_timeout = 0");
  return app;
}

function walSize({ path }: AppDatabase): number {
  return Deno.statSync(`${path}-wal`).size;
}
