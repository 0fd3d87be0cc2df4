import { mkdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "./free_ports.ts";
import { getWeed } from "./get_weed.ts";
import { credentials, S3Store } from "./s3_store.ts";
import { until } from "./until.ts";

const BUCKET = "test-bucket";
const START_MS = 60_000;
const STOP_MS = 20_000;

export interface S3ServerOptions {
  /** Folder of its data; a temporary one, removed at the end, unless given. */
  dir?: string;
  /** Port of S3; the nine others follow it. A free one unless given. */
  port?: number;
}

/**
 * A real S3 server (SeaweedFS) on 127.0.0.1: it checks signatures, answers
 * conditional writes and pages its listings. Without a bucket it does not make one.
 */
export class S3Server extends S3Store implements AsyncDisposable {
  #child: Deno.ChildProcess | null = null;
  #children: readonly Deno.ChildProcess[] = [];
  #ended: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly port: number,
    readonly dir: string,
    readonly weed: string,
    private readonly ownsDir: boolean,
  ) {
    super(`http://127.0.0.1:${port}`, BUCKET);
  }

  /**
   * Starts a server and waits until its bucket takes an object. Not in the middle
   * of a test for use in others: see {@linkcode sharedS3}.
   *
   * @throws {Error} with the end of the server's log
   */
  static async start(options: S3ServerOptions = {}): Promise<S3Server> {
    const weed = await getWeed();
    for (let attempt = 1;; attempt++) {
      const port = options.port ?? freePorts(10, [ADMIN + 10_000])[0]!;
      const dir = options.dir ??
        join(
          tmpdir(),
          `litestream-manager-s3-${crypto.randomUUID().slice(0, 8)}`,
        );
      const server = new S3Server(port, dir, weed, options.dir === undefined);
      try {
        await server.#start();
        return server;
      } catch (error) {
        await server[Symbol.asyncDispose]();
        // Another program may have taken a port since it was found free.
        if (options.port !== undefined || attempt === 3) throw error;
      }
    }
  }

  get pid(): number {
    if (this.#child?.pid === undefined) {
      throw new Error("The S3 server is stopped");
    }
    return this.#child.pid;
  }

  get logPath(): string {
    return join(this.dir, "weed.log");
  }

  async #start(): Promise<void> {
    await mkdir(this.dir, { recursive: true });
    const child = new Deno.Command("sh", {
      args: [
        "-c",
        'log=$1; shift; exec "$@" >>"$log" 2>&1',
        "sh",
        this.logPath,
        this.weed,
        ...flags(this.port, this.dir),
      ],
      stdin: "null",
      // Its own session: Ctrl-C is for the tests, which then end it.
      detached: true,
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: this.dir,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
    }).spawn();
    this.#child = child;
    const starting = new AbortController();
    const died = child.status.then(({ code, signal }) =>
      starting.abort(new Error(`weed ended (${signal ?? code})`))
    );
    const watchdog = this.#watchdog(child.pid);
    this.#children = [child, watchdog];
    this.#ended = Promise.all([died, watchdog.status]);
    try {
      await until(
        "the S3 server takes an object",
        async () => {
          await this.putObject("ready", "yes");
          await this.deleteObject("ready");
          return true;
        },
        { timeoutMs: START_MS, everyMs: 200, signal: starting.signal },
      );
    } catch (error) {
      const cause = starting.signal.aborted ? starting.signal.reason : error;
      throw new Error(
        `Cannot start the S3 server on port ${this.port}: ${cause.message}\n${await this
          .logTail()}`,
        { cause },
      );
    }
  }

  /** Ends the server and removes its folder when this process is killed. */
  #watchdog(pid: number): Deno.ChildProcess {
    const remove = this.ownsDir
      ? `rm -rf "$3" ${grpcSockets(this.port).join(" ")}`
      : ":";
    return new Deno.Command("sh", {
      args: [
        "-c",
        `while kill -0 "$1" && kill -0 "$2"; do sleep 0.5; done; kill -0 "$1" || { kill -KILL "$2"; ${remove}; }`,
        "sh",
        `${Deno.pid}`,
        `${pid}`,
        this.dir,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
      detached: true,
    }).spawn();
  }

  /** Lets this process end although the server runs; its watchdog ends it then. */
  unref(): void {
    for (const child of this.#children) child.unref();
  }

  /** Freezes it: connections hang, as with a network that is gone. */
  pause(): void {
    Deno.kill(this.pid, "SIGSTOP");
  }

  resume(): void {
    Deno.kill(this.pid, "SIGCONT");
  }

  /** Ends it, all data written: connections are refused. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await this.#ended;
    clearTimeout(late);
  }

  /** Starts it again, with the same port and data. */
  async restart(): Promise<void> {
    await this.stop();
    await this.#start();
  }

  /** The last lines that it wrote. */
  async logTail(lines = 30): Promise<string> {
    const text = await readFile(this.logPath, "utf8").catch(() => "(no log)");
    return text.trimEnd().split("\n").slice(-lines).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child !== null) {
      // Its data is thrown away: no need to wait until it has written them.
      child.kill("SIGKILL");
      await this.#ended;
    }
    if (this.ownsDir) await rm(this.dir, { recursive: true, force: true });
    for (const socket of grpcSockets(this.port)) {
      await rm(socket, { force: true });
    }
  }
}

/** Distance of the admin port; weed's own worker takes 10,000 more for its gRPC. */
const ADMIN = 8;

/** Sockets whose place weed does not let us choose, and which it leaves behind. */
function grpcSockets(port: number): string[] {
  const ports = {
    s3: port + 1,
    master: port + 3,
    volume: port + 5,
    filer: port + 7,
    admin: port + ADMIN + 10_000,
  };
  return Object.entries(ports).map(([name, port]) =>
    `/tmp/seaweedfs-${name}-grpc-${port}.sock`
  );
}

function flags(port: number, dir: string): string[] {
  const at = (more: number) => port + more;
  return [
    "-logtostderr=true",
    "mini",
    `-dir=${dir}`,
    `-bucket=${BUCKET}`,
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    `-s3.port=${port}`,
    `-s3.port.grpc=${at(1)}`,
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-s3.autoCreateBucket=false",
    `-s3.localSocket=${join(dir, "s3.sock")}`,
    `-master.port=${at(2)}`,
    `-master.port.grpc=${at(3)}`,
    "-master.telemetry=false",
    `-volume.port=${at(4)}`,
    `-volume.port.grpc=${at(5)}`,
    `-filer.port=${at(6)}`,
    `-filer.port.grpc=${at(7)}`,
    `-filer.localSocket=${join(dir, "filer.sock")}`,
    "-admin.ui=false",
    `-admin.port=${at(ADMIN)}`,
    `-admin.port.grpc=${at(ADMIN + 10_000)}`,
    "-webdav=false",
    `-webdav.port=${at(9)}`,
  ];
}
