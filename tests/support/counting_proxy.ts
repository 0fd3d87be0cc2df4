import { createServer, request, type Server } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/**
 * - `pass`: hands requests on
 * - `hang`: takes them and never answers, as a network that drops packets
 * - `hang-reads`: the same with requests for an object, others are handed on
 * - `reset`: closes the connection
 * - `error`: answers 503, as a store that is overloaded
 * - `deny`: answers 403, as a store whose rights were changed
 */
export type ProxyBehaviour =
  | "pass"
  | "hang"
  | "hang-reads"
  | "reset"
  | "error"
  | "deny";

/** A request as it came in. */
export interface SeenRequest {
  /** In ms since 1970. */
  readonly at: number;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
}

const MAX_SEEN = 100_000;

/**
 * Stands between a program and an S3 server, counts the requests themselves, and
 * can make trouble. Signatures stay valid: the header `Host`, which is signed, is
 * handed on as it came.
 */
export class CountingProxy implements AsyncDisposable {
  /** What it does with requests that come in from now on. */
  behaviour: ProxyBehaviour = "pass";
  /** Oldest first, 100,000 at most. */
  readonly seen: SeenRequest[] = [];
  readonly #server: Server;
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((incoming, outgoing) =>
      this.#take(incoming, outgoing)
    );
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => socket.destroy());
    });
  }

  /**
   * Listens on a free port of 127.0.0.1.
   *
   * @param endpoint `http://HOST:PORT` of the store
   */
  static async start(endpoint: string): Promise<CountingProxy> {
    const proxy = new CountingProxy(new URL(endpoint));
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject);
      proxy.#server.listen(0, "127.0.0.1", resolve);
    });
    return proxy;
  }

  /** Its own address, for `--endpoint`. */
  get endpoint(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** How many requests came in, of one method or of all. */
  count(method?: string): number {
    return method === undefined
      ? this.seen.length
      : this.seen.filter((one) => one.method === method).length;
  }

  /** Forgets what was counted. */
  reset(): void {
    this.seen.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #take(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = "GET", url = "/" } = incoming;
    if (this.seen.length < MAX_SEEN) {
      this.seen.push({ at: Date.now(), method, url });
    }
    incoming.on("error", () => outgoing.destroy());
    outgoing.on("error", () => outgoing.destroy());
    switch (this.behaviour) {
      case "hang":
        incoming.resume();
        return;
      case "hang-reads":
        if (method !== "GET" || url.includes("list-type=")) break;
        incoming.resume();
        return;
      case "reset":
        incoming.destroy();
        return;
      case "error":
        incoming.resume();
        outgoing.writeHead(503).end();
        return;
      case "deny":
        incoming.resume();
        outgoing.writeHead(403, { "content-type": "application/xml" }).end(
          "<Error><Code>AccessDenied</Code><Message>no</Message></Error>",
        );
        return;
    }
    const onward = request({
      host: this.#target.hostname,
      port: this.#target.port,
      method,
      path: url,
      headers: incoming.headers,
      agent: false,
    }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      answer.on("error", () => outgoing.destroy());
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.pipe(onward);
  }
}
