/**
 * What we rely on in Litestream and what no documentation promises: the shape of
 * its log lines, and some answers of its control socket. A newer Litestream that
 * changes one of them must fail here, and not in a backup.
 * @module
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type ClientId, parseClientId } from "../lib/domain/client_id.ts";
import { connectionUrl } from "../lib/domain/replica_target.ts";
import { childEnvironment } from "../lib/litestream/child_environment.ts";
import { daemonArguments } from "../lib/litestream/daemon_command.ts";
import { daemonConfig } from "../lib/litestream/daemon_config.ts";
import { LineSplitter } from "../lib/domain/line_splitter.ts";
import { parseLogLine, TESTED_VERSIONS } from "../lib/litestream/log_event.ts";
import { AppDatabase } from "./support/app_database.ts";
import { CountingProxy } from "./support/counting_proxy.ts";
import { litestreamBin } from "./support/replicated.ts";
import { sharedS3 } from "./support/shared_s3.ts";
import { TempDir } from "./support/temp_dir.ts";
import { until } from "./support/until.ts";

type Line = Record<string, unknown>;

const s3 = await sharedS3();

/** Names of all fields of a line, and the types of their values. */
const common = {
  time: "string",
  level: "string",
  msg: "string",
  system: "string",
  db: "string",
};
const shapes: Record<string, Record<string, unknown>> = {
  "verify": { ...common, saltMatch: "boolean", prevWALOffset: "number" },
  "sync": { ...common, txid: "txid", offset: "number" },
  "sync, snapshot": {
    ...common,
    txid: "txid",
    offset: "number",
    snap: "string",
  },
  "sync, snapshot again": {
    ...common,
    txid: "txid",
    offset: "number",
    snap: "string",
    reason: "string",
  },
  "db sync": { ...common, status: "string" },
  "replica sync": {
    ...common,
    replica: "string",
    txid: { replica: "txid", db: "txid" },
  },
  "ltx file uploaded": {
    ...common,
    replica: "string",
    level: "number",
    minTXID: "txid",
    maxTXID: "txid",
    size: "number",
  },
  "sync error": {
    ...common,
    error: "string",
    consecutive_errors: "number",
    backoff: "number",
  },
};

Deno.test("Litestream is as we know it", async (t) => {
  await using dir = await TempDir.create("contract");
  await using daemon = await RawDaemon.start(dir);

  await t.step(
    "it begins without a database, says so, and goes on",
    async () => {
      const line = await daemon.line({ level: "ERROR" });
      assert.match(String(line.msg), /^no databases specified/);
      const { version, pid } = await daemon.call("GET", "/info");
      assert(TESTED_VERSIONS.includes(String(version)), `version ${version}`);
      assert.equal(pid, daemon.pid);
    },
  );

  await t.step("the process beside it tells its memory", async () => {
    await until(
      "it is told",
      () => daemon.text.some((line) => parseLogLine(line)?.kind === "memory"),
    );
  });

  using app = newApp(dir);
  const url = `file://${dir.join("replica")}/${app.id}`;

  await t.step(
    "a new database gets a snapshot, which is uploaded",
    async () => {
      await daemon.register(app, url);
      const db = `${app.id}.db`;
      const uploaded = await daemon.line({ msg: "ltx file uploaded", db });
      assertShape(uploaded, "ltx file uploaded");
      assert.deepEqual(
        [uploaded.level, uploaded.maxTXID],
        [0, "0000000000000001"],
      );
      const sync = await daemon.line({ msg: "sync", db });
      assertShape(sync, "sync, snapshot");
      assert.equal(sync.snap, "true");
      const written = await daemon.line({ msg: "db sync", db });
      assertShape(written, "db sync");
      assert.equal(written.status, "ok");
      const replica = await daemon.line({ msg: "replica sync", db });
      assertShape(replica, "replica sync");
      assert.deepEqual(replica.txid, {
        replica: "0000000000000000",
        db: "0000000000000001",
      });
      // The verdict needs them in this order.
      const order = daemon.messages(db);
      assert.deepEqual(
        order.filter((msg) => String(msg) in shapes).slice(0, 4),
        ["sync", "db sync", "replica sync", "ltx file uploaded"],
      );
    },
  );

  await t.step("a change goes on from there", async () => {
    daemon.forget();
    app.insert(1);
    const db = `${app.id}.db`;
    const uploaded = await daemon.line({ msg: "ltx file uploaded", db });
    assert.equal(uploaded.maxTXID, "0000000000000002");
    const verify = await daemon.line({ msg: "verify", db });
    assertShape(verify, "verify");
    assert.equal(verify.saltMatch, true);
    assertShape(await daemon.line({ msg: "sync", db }), "sync");
  });

  await t.step(
    "registered again without a change, it compares and goes on",
    async () => {
      await daemon.unregister(app);
      daemon.forget();
      await daemon.register(app, url);
      const db = `${app.id}.db`;
      const sync = await daemon.line({ msg: "sync", db });
      assertShape(sync, "sync");
      const verify = await daemon.line({ msg: "verify", db });
      assert.equal(verify.saltMatch, true);
      assert(daemon.lines.indexOf(verify) < daemon.lines.indexOf(sync));
    },
  );

  await t.step(
    "registered again with an emptied WAL, it writes a snapshot",
    async () => {
      await daemon.unregister(app);
      assert(app.checkpoint("TRUNCATE"));
      app.insert(1);
      daemon.forget();
      await daemon.register(app, url);
      const db = `${app.id}.db`;
      const sync = await daemon.line({ msg: "sync", db });
      assertShape(sync, "sync, snapshot again");
      assert.equal(sync.snap, "true");
      assert.equal((await daemon.line({ msg: "db sync", db })).status, "ok");
    },
  );

  await t.step(
    "registered again with a restarted WAL, it sees other salts",
    async () => {
      app.insert(30, 3_000);
      const db = `${app.id}.db`;
      await daemon.upload(app);
      await daemon.unregister(app);
      assert(app.checkpoint("RESTART"));
      app.insert(1);
      daemon.forget();
      await daemon.register(app, url);
      const verify = await daemon.line({ msg: "verify", db });
      assertShape(verify, "verify");
      assert.equal(verify.saltMatch, false);
      // It may go on as if nothing were amiss, as the old tail still stands there:
      // this is what the guard is for. A verdict must be possible either way.
      const sync = await daemon.line({ msg: "sync", db });
      assertShape(sync, "snap" in sync ? "sync, snapshot again" : "sync");
    },
  );

  await t.step("it sends a last sync along when it lets go", async () => {
    daemon.forget();
    app.insert(1);
    const { status, txid } = await daemon.unregister(app);
    assert.equal(status, 200);
    assert.equal(typeof txid, "number");
    const maxTXID = Number(txid).toString(16).padStart(16, "0");
    await daemon.line({ msg: "ltx file uploaded", maxTXID });
  });

  await t.step(
    "each request to a bucket is told, with its method",
    async () => {
      using app = newApp(dir);
      daemon.forget();
      await daemon.register(app, bucketUrl(app.id, s3.bucket, s3.endpoint));
      await daemon.upload(app);
      const lines = daemon.lines.filter(({ msg }) => msg === "s3 request");
      const methods = lines.map(({ s3 }) => (s3 as Line).method);
      assert.deepEqual(new Set(methods), new Set(["GET", "PUT"]));
      const told = lines.map((line) => {
        assert.equal(typeof (line.s3 as Line).url, "string");
        return parseLogLine(JSON.stringify(line));
      });
      // All that it reads of a new client's replica is lists.
      assert.deepEqual(
        new Set(
          told.map((event) => event?.kind === "request" ? event.method : null),
        ),
        new Set(["LIST", "PUT"]),
      );
      await daemon.unregister(app);
    },
  );

  await t.step(
    "a bucket that does not exist is taken, and told of in the log",
    async () => {
      using app = newApp(dir);
      daemon.forget();
      const bucket = s3.uniquePrefix("none");
      const url = bucketUrl(app.id, bucket, s3.endpoint);
      assert.equal((await daemon.register(app, url)).status, 200);
      const error = await daemon.line({ msg: "sync error", level: "ERROR" });
      assertShape(error, "sync error");
      assert.match(String(error.error), /NoSuchBucket/);
      assert.equal(await daemon.isListed(app), true);
      assert(!daemon.messages(`${app.id}.db`).includes("ltx file uploaded"));
      await daemon.unregister(app);
    },
  );

  await t.step(
    "a file that is no database is taken, and told of in the log",
    async () => {
      const path = dir.join(`${randomUUID()}.db`);
      await Deno.writeTextFile(path, "no database ".repeat(200));
      daemon.forget();
      assert.equal((await daemon.register({ path }, url)).status, 200);
      const error = await daemon.line({ msg: "sync error", level: "ERROR" });
      assertShape(error, "sync error");
      assert.match(String(error.error), /file is not a database/);
      await daemon.unregister({ path });
    },
  );

  await t.step(
    "a database that was never there is let go as if all were well",
    async () => {
      const path = dir.join(`${randomUUID()}.db`);
      assert.equal((await daemon.register({ path }, url)).status, 200);
      const { status, txid } = await daemon.unregister({ path });
      assert.deepEqual({ status, txid }, { status: 200, txid: 0 });
    },
  );

  await t.step(
    "with a dead bucket it lets go with an error, and has let go",
    async () => {
      using app = newApp(dir);
      await using through = await CountingProxy.start(s3.endpoint);
      daemon.forget();
      await daemon.register(
        app,
        bucketUrl(app.id, s3.bucket, through.endpoint),
      );
      await daemon.upload(app);
      through.behaviour = "reset";
      app.insert(5);
      const { status } = await daemon.unregister(app, 1);
      assert.equal(status, 500);
      assert.equal(await daemon.isListed(app), false);
      // Nothing more is heard of it.
      daemon.forget();
      app.insert(1);
      await delay(2_500);
      assert.deepEqual(daemon.messages(`${app.id}.db`), []);
    },
  );

  await t.step("what we read is what it wrote", () => {
    const kinds = new Set(
      daemon.text.map((line) => parseLogLine(line)?.kind).filter(Boolean),
    );
    for (
      const kind of [
        "verify",
        "sync",
        "synced",
        "replica",
        "uploaded",
        "request",
        "error",
        "memory",
      ] as const
    ) assert(kinds.has(kind), `no line tells of "${kind}"`);
  });
});

Deno.test("nothing in this program calls /sync, which loses the read lock", async () => {
  const root = fileURLToPath(new URL("../", import.meta.url));
  const files = [
    "main.ts",
    ...(await readdir(`${root}/lib`, { recursive: true }))
      .filter((name) => /\.tsx?$/.test(name)).map((name) => `lib/${name}`),
  ];
  assert(files.includes("lib/litestream/control_socket.ts"));
  for (const name of files) {
    const text = await readFile(`${root}/${name}`, "utf8");
    assert(!/["'`]\/sync\b/.test(text), `"${name}" names /sync`);
  }
});

/** Litestream as the manager starts it, its log as it is. */
class RawDaemon implements AsyncDisposable {
  readonly text: string[] = [];
  lines: Line[] = [];
  #since = 0;
  readonly #reading: Promise<void>;
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(
    readonly child: Deno.ChildProcess,
    readonly socket: string,
  ) {
    this.#reading = this.#read();
  }

  static async start(dir: TempDir): Promise<RawDaemon> {
    const socket = dir.join("s.sock");
    const config = dir.join("litestream.yml");
    await Deno.writeTextFile(
      config,
      daemonConfig({ socket, retentionMs: 24 * 3600_000 }),
    );
    const child = new Deno.Command(litestreamBin, {
      args: daemonArguments(config, Deno.pid),
      clearEnv: true,
      env: childEnvironment({ ...Deno.env.toObject(), ...s3.env }),
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const daemon = new RawDaemon(child, socket);
    await until("its socket answers", () => daemon.call("GET", "/info"));
    return daemon;
  }

  get pid(): number {
    return this.child.pid;
  }

  /** Passes over all that it said until now, also what is still in the pipe. */
  forget(): void {
    this.lines = [];
    this.#since = Date.now();
  }

  /** The first line with these fields. */
  line(fields: Line): Promise<Line> {
    return until(
      `it says ${JSON.stringify(fields)}`,
      () =>
        this.lines.find((line) =>
          Object.entries(fields).every(([name, value]) => line[name] === value)
        ),
    );
  }

  messages(db: string): unknown[] {
    return this.lines.filter((line) => line.db === db).map(({ msg }) => msg);
  }

  /** Waits until all that a database has is uploaded. */
  async upload({ path, id }: App): Promise<void> {
    await until("all is uploaded", async () => {
      const { txid } = await this.call(
        "GET",
        `/txid?path=${encodeURIComponent(path)}`,
      );
      return Number(txid) > 0 &&
        this.lines.some((line) =>
          line.msg === "ltx file uploaded" && line.db === `${id}.db` &&
          Number(`0x${line.maxTXID}`) >= Number(txid)
        );
    });
  }

  register({ path }: { path: string }, url: string) {
    return this.call("POST", "/register", { path, replica_url: url });
  }

  unregister({ path }: { path: string }, timeout = 5) {
    return this.call("POST", "/unregister", { path, timeout });
  }

  async isListed({ path }: { path: string }): Promise<boolean> {
    const answer = await this.call("GET", "/list");
    return JSON.stringify(answer).includes(path);
  }

  /** The answer's fields, and its HTTP status. */
  call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Line & { status: number }> {
    const { promise, resolve, reject } = Promise.withResolvers<
      Line & { status: number }
    >();
    const { socket: socketPath } = this;
    const options = { socketPath, agent: this.#agent, method, path };
    const call = request(options, (response) => {
      let text = "";
      response.on("data", (chunk) => text += chunk);
      response.on("end", () => {
        const fields = text.startsWith("{") ? JSON.parse(text) : {};
        const { statusCode = 0 } = response;
        resolve({ ...fields, status: statusCode });
      });
    });
    call.on("error", reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    const late = setTimeout(() => this.child.kill("SIGKILL"), 15_000);
    this.child.kill("SIGTERM");
    await this.child.status;
    clearTimeout(late);
    await this.#reading;
  }

  async #read(): Promise<void> {
    for await (
      const line of this.child.stdout.pipeThrough(new LineSplitter())
    ) {
      this.text.push(line);
      if (!line.startsWith("{")) continue;
      const fields = JSON.parse(line);
      if (Date.parse(fields.time) > this.#since) this.lines.push(fields);
    }
  }
}

type App = AppDatabase & { readonly id: ClientId };

function newApp(dir: TempDir): App {
  const id = parseClientId(randomUUID())!;
  const app = AppDatabase.open(dir.join(`${id}.db`), { autoCheckpoint: 0 });
  app.insert(5);
  return Object.assign(app, { id });
}

function bucketUrl(id: ClientId, bucket: string, endpoint: string): string {
  const region = "us-east-1";
  return connectionUrl({
    kind: "s3",
    bucket,
    prefix: "contract",
    endpoint,
    region,
  }, id);
}

function assertShape(line: Line, name: string): void {
  const found = shapeOf(line);
  assert.deepEqual(found, shapes[name], `a line "${name}" changed its shape`);
}

function shapeOf(fields: Line): Line {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (/txid$/i.test(name) && typeof value === "string") {
        return [name, /^[0-9a-f]{16}$/.test(value) ? "txid" : value];
      }
      if (name === "txid") {
        return [name, {
          replica: shapeOf({ txid: (value as Line).replica }).txid,
          db: shapeOf({ txid: (value as Line).db }).txid,
        }];
      }
      return [name, typeof value];
    }),
  );
}
