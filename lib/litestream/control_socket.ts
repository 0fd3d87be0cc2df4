import { Agent, request } from "node:http";

/** What the daemon says of itself. */
export interface DaemonInfo {
  readonly version: string;
  readonly pid: number;
}

/** The daemon answered with an error, or did not answer. */
export class ControlError extends Error {
  override name = "ControlError";
  /** Nobody listens, or the connection broke: the daemon is down. */
  readonly unreachable: boolean;

  constructor(message: string, { unreachable, cause }: {
    unreachable: boolean;
    cause?: unknown;
  }) {
    super(message, { cause });
    this.unreachable = unreachable;
  }
}

const BROKEN = new Set(["ECONNREFUSED", "ECONNRESET", "ENOENT", "EPIPE"]);

/**
 * Litestream's control socket: HTTP over a Unix socket. `POST /sync` is left
 * out for good: it loses the read lock that keeps the application from
 * restarting the WAL, and with it data.
 */
export class ControlSocket implements Disposable {
  readonly #path: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });

  constructor(path: string) {
    this.#path = path;
  }

  /** Version and process id of whoever listens. */
  async info(options: { timeoutMs: number }): Promise<DaemonInfo> {
    const { version, pid } = await this.#call("GET", "/info", null, options);
    return { version: String(version), pid: Number(pid) };
  }

  /** Gives the daemon a database. It takes any path; its log says how it went. */
  async register(path: string, replicaUrl: string): Promise<void> {
    const body = { path, replica_url: replicaUrl };
    await this.#call("POST", "/register", body, { timeoutMs: 15_000 });
  }

  /**
   * Has the daemon sync a database for the last time and close it. When this
   * throws, the daemon has dropped the database all the same, but something
   * may not be in the replica.
   *
   * @param timeoutMs how long the last sync may take
   */
  async unregister(path: string, timeoutMs: number): Promise<void> {
    const timeout = Math.max(1, Math.ceil(timeoutMs / 1000));
    await this.#call("POST", "/unregister", { path, timeout }, {
      timeoutMs: timeoutMs + 15_000,
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #call(
    method: "GET" | "POST",
    path: string,
    body: unknown,
    { timeoutMs }: { timeoutMs: number },
  ): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const fail = (reason: string, cause?: Error) => {
        const { code } = (cause ?? {}) as { code?: string };
        reject(
          new ControlError(
            `Cannot call ${path} of the Litestream daemon: ${reason}`,
            { cause, unreachable: BROKEN.has(code ?? "") },
          ),
        );
      };
      const call = request({
        socketPath: this.#path,
        agent: this.#agent,
        method,
        path,
        headers: { "content-type": "application/json" },
        timeout: timeoutMs,
      }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => text += chunk);
        response.on("error", (error) => fail(error.message, error));
        response.on("end", () => {
          const answer = parseObject(text);
          if (response.statusCode === 200) resolve(answer);
          else fail(String(answer.error || `HTTP ${response.statusCode}`));
        });
      });
      call.on("timeout", () => {
        call.destroy(new Error(`no answer within ${timeoutMs / 1000} s`));
      });
      call.on("error", (error) => fail(error.message, error));
      call.end(body === null ? undefined : JSON.stringify(body));
    });
  }
}

/** Whether an error says that the daemon is down. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof ControlError && error.unreachable;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Plain text, as of a program that is no Litestream.
  }
  return { error: text.trim().slice(0, 500) };
}
