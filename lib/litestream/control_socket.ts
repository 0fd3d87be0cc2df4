import { Agent, request } from "node:http";
import { type Txid, txidOf } from "../domain/txid.ts";

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
  /** It took the call and said nothing: nobody knows what it did. */
  readonly unanswered: boolean;

  constructor(message: string, { unreachable, unanswered = false, cause }: {
    unreachable: boolean;
    unanswered?: boolean;
    cause?: unknown;
  }) {
    super(message, { cause });
    this.unreachable = unreachable;
    this.unanswered = unanswered;
  }
}

/** How long a registration may take, which is 10 ms, in ms. */
const REGISTER_MS = 15_000;

const BROKEN = new Set(["ECONNREFUSED", "ECONNRESET", "ENOENT", "EPIPE"]);

/**
 * Litestream's control socket: HTTP over a Unix socket. `POST /sync` is left
 * out for good: it loses the read lock that keeps the application from
 * restarting the WAL, and with it data.
 */
export class ControlSocket implements Disposable {
  readonly #path: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 128 });

  constructor(path: string) {
    this.#path = path;
  }

  /** Version and process id of whoever listens. */
  async info(options: { timeoutMs: number }): Promise<DaemonInfo> {
    const { version, pid } = await this.#call("GET", "/info", null, options);
    return { version: String(version), pid: Number(pid) };
  }

  /**
   * Gives the daemon a database. It takes any path; its log says how it went.
   *
   * @returns false when the daemon had it already, and did nothing
   */
  async register(path: string, replicaUrl: string): Promise<boolean> {
    const { status } = await this.#call("POST", "/register", {
      path,
      replica_url: replicaUrl,
    }, { timeoutMs: REGISTER_MS });
    return status !== "already_registered";
  }

  /**
   * Has the daemon sync a database for the last time and close it. When this
   * throws, the daemon has dropped the database all the same, but something
   * may not be in the replica.
   *
   * @param timeoutMs how long the last sync may take
   * @returns the last transaction that it has locally; null when it never began
   */
  async unregister(path: string, timeoutMs: number): Promise<Txid | null> {
    const timeout = Math.max(1, Math.ceil(timeoutMs / 1000));
    const { txid } = await this.#call(
      "POST",
      "/unregister",
      { path, timeout },
      {
        timeoutMs: timeoutMs + 15_000,
      },
    );
    return typeof txid === "number" && txid > 0 ? txidOf(txid) : null;
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
      const fail = (reason: string, cause?: Error, unanswered = false) => {
        clearTimeout(timer);
        const { code } = (cause ?? {}) as { code?: string };
        const unreachable = unanswered || BROKEN.has(code ?? "");
        reject(
          new ControlError(
            `Cannot call ${path} of the Litestream daemon: ${reason}`,
            { cause, unreachable, unanswered },
          ),
        );
      };
      // The request's own timeout does not fire on a connection that is used
      // again.
      const timer = setTimeout(() => {
        fail(`no answer within ${timeoutMs / 1000} s`, undefined, true);
        call.destroy();
      }, timeoutMs);
      const call = request({
        socketPath: this.#path,
        agent: this.#agent,
        method,
        path,
        headers: { "content-type": "application/json" },
      }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => text += chunk);
        response.on("error", (error) => fail(error.message, error));
        response.on("end", () => {
          const answer = parseObject(text);
          if (response.statusCode === 200) {
            clearTimeout(timer);
            resolve(answer);
          } else fail(String(answer.error || `HTTP ${response.statusCode}`));
        });
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
