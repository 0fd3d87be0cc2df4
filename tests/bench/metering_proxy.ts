import { setTimeout as delay } from "node:timers/promises";
import { RequestScanner } from "./request_scanner.ts";

/** What a request asks for: `LIST` is told from `GET`, which it is on the wire. */
export type RequestKind = "PUT" | "GET" | "LIST" | "HEAD" | "DELETE" | "POST";

export type RequestCounts = Readonly<Partial<Record<RequestKind, number>>>;

/** A request that passed. Times are of `performance.now()`. */
export interface PassedRequest {
  readonly kind: RequestKind;
  /** Path with its query, decoded: `/BUCKET/databases/ID/0000/….ltx`. */
  readonly url: string;
  readonly startedAt: number;
  /** When the LTX file that it brings was made, in ms since 1970; null when it does not say. */
  readonly madeAt: number | null;
  /** HTTP status; null until the answer begins. */
  status: number | null;
  answeredAt: number | null;
}

export interface MeteringOptions {
  /**
   * How long each answer is held back, in ms, as by a store that is not on this
   * machine.
   * @default 0
   */
  readonly delayMs?: number;
  /**
   * How long a connection may be idle, in ms. Litestream keeps one for each
   * database for 90 s: of thousands a minute a process has not the open files.
   * @default 20000
   */
  readonly idleMs?: number;
}

/**
 * Stands before an S3 server and counts what passes, at little cost: thousands
 * of requests a second must not wait for it. Bytes go through as they are, so
 * that signatures, which cover the header `Host`, stay good. To make trouble, see
 * `CountingProxy`.
 */
export class MeteringProxy implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #target: URL;
  readonly #delayMs: number;
  readonly #idleMs: number;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #listeners = new Set<(request: PassedRequest) => void>();
  readonly #accepting: Promise<void>;
  #counts: Partial<Record<RequestKind, number>> = {};

  private constructor(
    target: URL,
    { delayMs = 0, idleMs = 20_000 }: MeteringOptions,
  ) {
    this.#target = target;
    this.#delayMs = delayMs;
    this.#idleMs = idleMs;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accepting = this.#accept();
  }

  /** @param endpoint of the S3 server: `http://127.0.0.1:PORT` */
  static start(
    endpoint: string,
    options: MeteringOptions = {},
  ): MeteringProxy {
    return new MeteringProxy(new URL(endpoint), options);
  }

  /** Where to send what is to be counted. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** How many requests passed of each kind, since the start or `reset`. */
  get counts(): RequestCounts {
    return { ...this.#counts };
  }

  reset(): void {
    this.#counts = {};
  }

  /** Calls the listener when the answer to a request begins. */
  onAnswer(listener: (request: PassedRequest) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    const serving = new Set<Promise<void>>();
    try {
      for await (const near of this.#listener) {
        const done = this.#serve(near).finally(() => serving.delete(done));
        serving.add(done);
      }
    } finally {
      await Promise.all(serving);
    }
  }

  async #serve(near: Deno.TcpConn): Promise<void> {
    this.#connections.add(near);
    let far: Deno.TcpConn | null = null;
    let usedAt = performance.now();
    const use = () => usedAt = performance.now();
    const timer = setInterval(() => {
      if (performance.now() - usedAt >= this.#idleMs) close(near);
    }, this.#idleMs / 2);
    try {
      near.setNoDelay();
      const { hostname, port } = this.#target;
      far = await Deno.connect({ hostname, port: Number(port) });
      this.#connections.add(far);
      far.setNoDelay();
      const pending: PassedRequest[] = [];
      await Promise.all([
        this.#pumpRequests(near, far, pending, use),
        this.#pumpAnswers(far, near, pending, use),
      ]);
    } catch {
      // Either side went away: so does the other.
    } finally {
      clearInterval(timer);
      for (const connection of [near, far]) {
        if (connection === null) continue;
        close(connection);
        this.#connections.delete(connection);
      }
    }
  }

  async #pumpRequests(
    near: Deno.TcpConn,
    far: Deno.TcpConn,
    pending: PassedRequest[],
    use: () => void,
  ): Promise<void> {
    const scanner = new RequestScanner();
    await pump(near, far, (bytes) => {
      use();
      for (const { method, url, madeAt } of scanner.push(bytes)) {
        const kind = kindOf(method, url);
        this.#counts[kind] = (this.#counts[kind] ?? 0) + 1;
        pending.push({
          kind,
          url: decode(url),
          startedAt: performance.now(),
          madeAt: madeAt === null ? null : Date.parse(madeAt),
          status: null,
          answeredAt: null,
        });
      }
    });
  }

  /** Nobody sends the next request before the answer to the last: no pipelining. */
  async #pumpAnswers(
    far: Deno.TcpConn,
    near: Deno.TcpConn,
    pending: PassedRequest[],
    use: () => void,
  ): Promise<void> {
    const decoder = new TextDecoder("latin1");
    await pump(far, near, async (bytes) => {
      use();
      const request = pending[0];
      if (request === undefined) return;
      const start = decoder.decode(bytes.subarray(0, 1_024));
      // "100 Continue" may stand before the answer.
      const status = [...start.matchAll(/HTTP\/1\.[01] (\d{3})/g)]
        .map((match) => Number(match[1])).find((code) => code >= 200);
      if (status === undefined) return;
      if (this.#delayMs > 0) await delay(this.#delayMs);
      pending.shift();
      request.status = status;
      request.answeredAt = performance.now();
      for (const listener of this.#listeners) listener(request);
    });
  }
}

/** How many requests in all. */
export function total(counts: RequestCounts): number {
  return Object.values(counts).reduce((sum, n) => sum + n, 0);
}

/** Copies until the end, which it passes on. */
async function pump(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  see: (bytes: Uint8Array) => void | Promise<void>,
): Promise<void> {
  const buffer = new Uint8Array(64 << 10);
  try {
    for (;;) {
      const length = await from.read(buffer);
      if (length === null) break;
      const bytes = buffer.subarray(0, length);
      await see(bytes);
      for (let at = 0; at < length;) at += await to.write(bytes.subarray(at));
    }
    await to.closeWrite();
  } catch (error) {
    // The other direction must not wait for one that is broken.
    close(from);
    close(to);
    throw error;
  }
}

function kindOf(method: string, url: string): RequestKind {
  if (method === "GET" && /[?&](list-type|uploads|versions)(=|&|$)/.test(url)) {
    return "LIST";
  }
  return method as RequestKind;
}

function decode(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
