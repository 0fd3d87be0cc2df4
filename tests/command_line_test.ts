import assert from "node:assert/strict";
import process from "node:process";
import { AppDatabase, contentDigest } from "./support/app_database.ts";
import {
  litestreamPath,
  localFlags,
  ManagerProcess,
} from "./support/run_manager.ts";
import { TempDir } from "./support/temp_dir.ts";

const ID = "0b5c6f0e-6a3e-4f57-9a30-6c0a2f1f7d11";

Deno.test("an operator starts it, sees a client protected, restores it, and ends it", async () => {
  await using dir = await TempDir.create("command-line");
  await Deno.mkdir(dir.join("data"));
  using app = AppDatabase.open(dir.join("data", `${ID}.db`));
  app.insert(50, 1000);

  await using manager = await ManagerProcess.start({
    args: localFlags(dir.path),
  });
  const status = await manager.untilProtected(1);
  assert.equal(status.bucket, `file://${dir.join("replica")}`);
  assert.equal(status.daemon.version?.replace(/^v/, ""), "0.5.17");
  await manager.stop();
  assert.equal((await manager.ended()).code, 0);

  const restored = dir.join("restored.db");
  const { success, stderr } = await new Deno.Command(await litestreamPath(), {
    args: [
      "restore",
      "-o",
      restored,
      `file://${dir.join("replica", "databases", ID)}`,
    ],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  assert.equal(contentDigest(restored), app.digest());
});

Deno.test("SIGINT ends it with 0 as SIGTERM does", async () => {
  await using dir = await TempDir.create("command-line");
  await Deno.mkdir(dir.join("data"));
  await using manager = await ManagerProcess.start({
    args: localFlags(dir.path),
  });
  manager.kill("SIGINT");
  assert.equal((await manager.ended()).code, 0);
});

/** A terminal sends it to all programs that it shows: also to the manager's own. */
Deno.test("Ctrl-C in a terminal: what is awake is in the replica at the end", async () => {
  await using dir = await TempDir.create("command-line");
  await Deno.mkdir(dir.join("data"));
  using app = AppDatabase.open(dir.join("data", `${ID}.db`));
  app.insert(50);
  await using manager = await ManagerProcess.start({
    args: localFlags(dir.path),
    detached: true,
  });
  await manager.untilProtected(1);
  app.insert(1);
  await manager.until(
    "it is awake",
    async () => (await manager.client(ID))?.awake,
  );
  // Less than 0: the group, not the process alone.
  process.kill(-manager.pid, "SIGINT");
  assert.equal((await manager.ended()).code, 0);
  assert.match(manager.stderr, /Everything is in the replica/);
});

/** What cannot work, its exit status, and the one line on standard error. */
const refused: [string, (dir: TempDir) => string[], number, RegExp][] = [
  [
    "no bucket",
    (dir) => ["--watch-dir", dir.path],
    2,
    /^litestream-manager: Missing --bucket: /,
  ],
  [
    "an option that is none",
    (dir) => [...localFlags(dir.path), "--watch", "x"],
    2,
    /^litestream-manager: Cannot use "--watch": no such option/,
  ],
  [
    "a Litestream that is not there",
    (dir) => [...localFlags(dir.path), "--litestream", dir.join("none")],
    1,
    /^litestream-manager: Cannot use --litestream ".*none": there is no such program/,
  ],
  [
    "a folder that is not there",
    (dir) => localFlags(dir.path),
    1,
    /^litestream-manager: .*".*data"/,
  ],
];

for (const [name, args, code, line] of refused) {
  Deno.test(`${name}: exit status ${code} and one line`, async () => {
    await using dir = await TempDir.create("command-line");
    await using manager = await ManagerProcess.start({
      args: args(dir),
      waitUntilReady: false,
    });
    const ended = await manager.ended();
    assert.match(manager.stderr, line);
    assert.equal(
      manager.stderr.trimEnd().split("\n").length,
      1,
      manager.stderr,
    );
    assert.equal(ended.code, code);
  });
}

Deno.test("a port in use: exit status 1, and its number", async () => {
  await using dir = await TempDir.create("command-line");
  await Deno.mkdir(dir.join("data"));
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = other.addr;
  await using manager = await ManagerProcess.start({
    args: [...localFlags(dir.path), "--port", `${port}`],
    waitUntilReady: false,
  });
  assert.equal((await manager.ended()).code, 1);
  assert.match(manager.stderr, RegExp(`Cannot listen on 127.0.0.1:${port}`));
});
