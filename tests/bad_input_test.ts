/**
 * Rules: whatever is wrong, it is said in words that tell what to do, clients
 * that are not concerned stay protected, and nothing is lost.
 * @module
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { freePorts } from "./support/free_ports.ts";
import { ManagerProcess } from "./support/run_manager.ts";
import { idOf, Scene, wrongCredentials } from "./support/scene.ts";
import { sharedS3 } from "./support/shared_s3.ts";

const s3 = await sharedS3();

/** Root may read and write anything, unless it gives that up. */
const UNPRIVILEGED = Deno.uid() === 0
  ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
  : [];

Deno.test("two managers on the same folders: the second refuses, naming the first", async (t) => {
  await using scene = await Scene.create("twice", s3);
  const watched = scene.dir.join("data/watched");
  scene.app(`${watched}/sub/${randomUUID()}.db`);
  await Deno.mkdir(scene.dir.join("elsewhere"));
  await Deno.symlink(`${watched}/sub`, scene.dir.join("link"));
  await using first = await scene.start({ args: ["--watch-dir", watched] });
  const other = ["--state-dir", scene.dir.join("other-state"), "--watch-dir"];
  const cases: [string, string[]][] = [
    ["the state folder", ["--watch-dir", scene.dir.join("elsewhere")]],
    ["the watch folder", [...other, watched]],
    ["a folder in it", [...other, `${watched}/sub`]],
    ["a link to a folder in it", [...other, scene.dir.join("link")]],
    ["a folder above it", [...other, scene.data]],
  ];
  for (const [name, args] of cases) {
    await t.step(name, async () => {
      await refused(
        scene,
        { args },
        1,
        RegExp(`Another manager \\(process ${first.pid}\\)`),
      );
    });
  }
  await first.stop();
});

Deno.test("what cannot work is refused in one line", async (t) => {
  await using scene = await Scene.create("refused", s3);
  await t.step("an unreadable watch folder", async () => {
    const folder = scene.dir.join("closed");
    await Deno.mkdir(folder, { mode: 0o000 });
    const args = ["--watch-dir", folder];
    await refused(
      scene,
      { args, prefix: UNPRIVILEGED },
      1,
      /closed".*(permission denied|cannot be).*readable/i,
    );
  });
  await t.step("a watch folder that is a file", async () => {
    const file = scene.dir.join("file");
    await Deno.writeTextFile(file, "");
    await refused(
      scene,
      { args: ["--watch-dir", file] },
      1,
      /file".*no folder/,
    );
  });
  await t.step("a Litestream that is too old", async () => {
    const old = await program(scene, "old", 'echo "v0.3.13"');
    await refused(
      scene,
      { args: ["--litestream", old] },
      1,
      /0\.3\.13.*0\.5\.17/,
    );
  });
  await t.step("a program that is not Litestream", async () => {
    const other = await program(scene, "other", 'echo "hello"');
    await refused(scene, { args: ["--litestream", other] }, 1, /other"/);
  });
});

Deno.test("a Litestream that dies at once: it is said, and nobody is protected", async () => {
  await using scene = await Scene.create("dies", s3);
  scene.app();
  const dies = await program(
    scene,
    "dies",
    `[ "$1" = version ] && { echo v0.5.17; exit; }; echo "cannot go on" >&2; exit 3`,
  );
  await using manager = await scene.start({
    args: ["--litestream", dies],
    waitUntilReady: false,
  });
  await manager.until("it was started twice", async () => {
    const { daemon, counts } = await manager.status();
    assert.equal(counts["protected"], 0);
    return daemon.restarts >= 2 && daemon.error !== null;
  });
  const { daemon } = await manager.status();
  assert.match(daemon.error!, /exit status 3.*cannot go on/);
  const ready = await manager.get("/readyz");
  assert.equal(ready.status, 503);
  await ready.body?.cancel();
  assert.match(manager.stderr, /daemon ended: exit status 3: cannot go on/);
  await manager.stop();
});

Deno.test("the store refuses: each client says why, and nobody is protected", async (t) => {
  const unused = freePorts(1)[0];
  const bucket = `later-${randomUUID()}`;
  const cases: [string, string[], Record<string, string>, RegExp][] = [
    [
      "no such bucket",
      ["--bucket", bucket],
      s3.env,
      /bucket does not exist: create it/,
    ],
    ["wrong credentials", [], wrongCredentials, /credentials are wrong/],
    ["no credentials", [], {
      AWS_EC2_METADATA_DISABLED: "true",
    }, /no credentials: set AWS_ACCESS_KEY_ID/],
    [
      "nobody at the endpoint",
      ["--endpoint", `http://127.0.0.1:${unused}`],
      s3.env,
      /check --endpoint/,
    ],
  ];
  for (const [name, args, env, hint] of cases) {
    await t.step(name, async () => {
      await using scene = await Scene.create("store", s3);
      const apps = [scene.app(), scene.app()];
      await using manager = await scene.start({ args, env });
      await manager.until("both say why", async () => {
        const { clients, counts } = await manager.status();
        assert.equal(counts["protected"], 0);
        const told = clients.map((one) => `${one.status} ${one.hint}`);
        if (
          told.every((text) => text.startsWith("failing") && hint.test(text))
        ) {
          return true;
        }
        throw new Error(JSON.stringify(clients));
      });
      if (name === "no such bucket") {
        await s3.createBucket(bucket);
        await manager.untilProtected(apps.length);
        const keys = await s3.keys(scene.prefix, bucket);
        assert.deepEqual(
          new Set(keys.map((key) => key.split("/")[1])),
          new Set(apps.map(({ id }) => id)),
        );
      }
      await manager.stop();
    });
  }
});

Deno.test("bad databases beside good ones", async (t) => {
  await using scene = await Scene.create("bad", s3);
  const good = [scene.app(), scene.app()];
  await using manager = await scene.start({ prefix: UNPRIVILEGED });
  await manager.untilProtected(good.length);

  await t.step("no databases at all: ignored, with the reason", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(8192));
    const files: [string, string | Uint8Array][] = [
      [randomUUID(), "A shopping list\n".repeat(400)],
      [randomUUID(), ""],
      [randomUUID(), bytes],
      [randomUUID(), "SQLite format 3\0"],
      ["not-a-uuid", "SQLite format 3\0"],
    ];
    for (const [id, content] of files) {
      const data = typeof content === "string"
        ? new TextEncoder().encode(content)
        : content;
      await Deno.writeFile(scene.path(id), data);
    }
    await manager.until("all are listed as ignored", async () => {
      const page = await (await manager.get("/ignored")).text();
      return files.every(([id]) => page.includes(id));
    });
    assert.equal((await manager.status()).totalClients, good.length);
  });

  await t.step("a corrupt database: failing", async () => {
    const app = scene.app(scene.path(randomUUID(), "corrupt"));
    app.close();
    const bytes = await Deno.readFile(app.path);
    crypto.getRandomValues(bytes.subarray(100, 8192));
    await Deno.writeFile(app.path, bytes);
    await says(manager, app.id, /^(failing|blocked)/);
  });

  await t.step("locked exclusively: blocked, and then protected", async () => {
    const path = scene.path(randomUUID());
    using app = new DatabaseSync(path);
    app.exec("PRAGMA locking_mode = EXCLUSIVE; CREATE TABLE items(id INTEGER)");
    app.exec("BEGIN EXCLUSIVE; INSERT INTO items VALUES (1)");
    await says(manager, idOf(path), /^blocked .*lock/);
    app.exec("COMMIT");
    app.close();
    await says(manager, idOf(path), /^protected/);
  });

  await t.step(
    "a file that may not be read: ignored until it may",
    async () => {
      const app = scene.app(scene.path(randomUUID(), "private"));
      app.close();
      await Deno.chmod(app.path, 0o000);
      await manager.until("it is told", async () => {
        const page = await (await manager.get("/ignored")).text();
        const client = await manager.client(app.id);
        return page.includes(app.id) || client?.status === "failing";
      });
      await Deno.chmod(app.path, 0o644);
      await says(manager, app.id, /^protected/);
    },
  );

  await t.step(
    "a read-only folder: says that it must be writable",
    async () => {
      const app = scene.app(scene.dir.join("fixed", `${randomUUID()}.db`));
      app.close();
      await Deno.chmod(scene.dir.join("fixed"), 0o555);
      await Deno.rename(
        scene.dir.join("fixed"),
        scene.dir.join("data", "fixed"),
      );
      await says(manager, app.id, /^failing .*check owner and permissions/);
      await Deno.chmod(scene.dir.join("data", "fixed"), 0o755);
      await says(manager, app.id, /^protected/);
    },
  );

  await t.step(
    "names that Litestream takes for others: told, none is made",
    async () => {
      const made: string[] = [];
      for (const name of ["what?", "c#", "50%25"]) {
        const app = scene.app(scene.path(randomUUID(), `odd/${name}`));
        made.push(app.id);
      }
      for (const id of made) {
        await says(manager, id, /^failing .*cannot open a path with.*Rename/);
      }
      const entries = await Array.fromAsync(
        Deno.readDir(scene.dir.join("data/odd")),
        ({ name }) => name,
      );
      assert.deepEqual(entries.sort(), ["50%25", "c#", "what?"]);
      await Deno.rename(
        scene.dir.join("data/odd/what?"),
        scene.dir.join("data/odd/what"),
      );
      await says(manager, made[0]!, /^protected/);
    },
  );

  await t.step("the good ones are protected all the while", async () => {
    for (const app of good) app.insert(3);
    await manager.until("writes arrive", async () => {
      await scene.assertRestores(good);
      return true;
    });
    for (const { id } of good) await says(manager, id, /^protected/);
  });
  await manager.stop();
});

Deno.test("a reader holds the WAL that must be emptied: blocked says so", async () => {
  await using scene = await Scene.create("reader", s3);
  const apps = [scene.app(), scene.app()];
  {
    await using manager = await scene.start();
    await manager.untilProtected(apps.length);
    for (const app of apps) app.insert(1);
    await manager.stop();
  }
  // Without it nothing is proved, and the WAL has to be emptied.
  await Deno.remove(scene.dir.join("state"), { recursive: true });
  using reader = new DatabaseSync(apps[0]!.path, { readOnly: true });
  reader.exec("BEGIN; SELECT count(*) FROM items");
  await using manager = await scene.start();
  await says(manager, apps[0]!.id, /^blocked .*transaction of the application/);
  await says(manager, apps[1]!.id, /^protected/);
  reader.exec("COMMIT");
  await manager.untilProtected(apps.length);
  await scene.assertRestores(apps);
  await manager.stop();
});

Deno.test({
  name: "a full disk: said, and it goes on when there is room",
  // Only root may mount a small one.
  ignore: Deno.uid() !== 0,
  async fn(t) {
    await using scene = await Scene.create("full", s3);
    const good = scene.app();
    await using _data = await SmallDisk.mount(scene.dir.join("data/small"));
    await using state = await SmallDisk.mount(scene.dir.join("state"));
    const app = scene.app(scene.path(randomUUID(), "small"));
    await using manager = await scene.start();
    await manager.untilProtected(2);
    const filler = scene.dir.join("data/small/filler");

    await t.step("of the databases", async () => {
      await fill(filler);
      // Room for what the application writes, and not for Litestream's copy of it.
      const { size } = await Deno.stat(filler);
      await Deno.truncate(filler, size - 700_000);
      app.insert(40, 10_000);
      await says(manager, app.id, /^failing .*disk is full: free some space/);
      good.insert(2);
      await manager.until("the other is restored", async () => {
        await scene.assertRestores([good]);
        return true;
      });
      await Deno.remove(filler);
      await says(manager, app.id, /^protected/);
      await scene.assertRestores([app, good]);
    });

    await t.step("of the state folder", async () => {
      await fill(scene.dir.join("state/filler"));
      for (let n = 0; n < 3; n++) {
        good.insert(2);
        await manager.until("it is restored, or told", async () => {
          const client = await manager.client(good.id);
          if (client?.status === "failing") return true;
          await scene.assertRestores([good]);
          return true;
        });
      }
      await Deno.remove(scene.dir.join("state/filler"));
      good.insert(1);
      await manager.until("it is restored", async () => {
        await scene.assertRestores([good]);
        return true;
      });
      await manager.untilProtected(2);
    });
    await manager.stop();
    await state[Symbol.asyncDispose]();
  },
});

/** Waits until a client's status, error and hint, or reason, match. */
async function says(manager: ManagerProcess, id: string, wanted: RegExp) {
  await manager.until(`${id} says ${wanted}`, async () => {
    const client = await manager.client(id);
    if (client === undefined) throw new Error("no such client");
    const { status, error, hint, blocked } = client;
    const text = [status, error, hint, blocked].filter(Boolean).join(" ");
    if (wanted.test(text)) return true;
    throw new Error(text);
  }, { everyMs: 200 });
}

/** Starts a manager that must end by itself, with one line of text. */
async function refused(
  scene: Scene,
  { args, prefix = [] }: { args: string[]; prefix?: readonly string[] },
  code: number,
  line: RegExp,
) {
  await using manager = await ManagerProcess.start({
    args: scene.flags(args),
    env: s3.env,
    prefix,
    waitUntilReady: false,
  });
  const timeout = setTimeout(() => manager.kill("SIGKILL"), 30_000);
  const ended = await manager.ended();
  clearTimeout(timeout);
  assert.match(manager.stderr, line);
  assert.equal(manager.stderr.trimEnd().split("\n").length, 1, manager.stderr);
  assert.equal(ended.code, code);
}

/** A shell script that stands for a program. */
async function program(scene: Scene, name: string, script: string) {
  const path = scene.dir.join(name);
  await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

async function fill(path: string) {
  using file = await Deno.open(path, { write: true, create: true });
  for (const size of [65_536, 4_096]) {
    const bytes = new Uint8Array(size);
    try {
      for (;;) await file.write(bytes);
    } catch (error) {
      assert.match((error as Error).message, /space/);
    }
  }
}

class SmallDisk implements AsyncDisposable {
  #mounted = true;
  private constructor(readonly path: string) {}

  static async mount(path: string): Promise<SmallDisk> {
    await Deno.mkdir(path, { recursive: true });
    await run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", path);
    return new SmallDisk(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#mounted) return;
    this.#mounted = false;
    await run("umount", "-l", this.path);
  }
}

async function run(program: string, ...args: string[]) {
  const { success, stderr } = await new Deno.Command(program, { args })
    .output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
