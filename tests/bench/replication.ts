import type { MeteringProxy, PassedRequest } from "./metering_proxy.ts";

const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/;
/** An LTX file of level 0, in any of Litestream's layouts of a bucket. */
const LEVEL_0 = /\/(?:0|0000)\/[0-9a-f]{16}-[0-9a-f]{16}\.ltx/;

/** One moment on two clocks: that of `performance.now()`, and that of Litestream. */
interface Moment {
  readonly at: number;
  /** In ms since 1970, as whole as Litestream's. */
  readonly wallMs: number;
}

/**
 * What reached the bucket, as the proxy saw the bucket take it; the same
 * measure for everybody, whatever a program says of itself.
 */
export class Replication implements Disposable {
  /** Databases with an LTX file that was uploaded while this looked. */
  readonly uploaded = new Set<string>();
  /** Databases that any request named. */
  readonly named = new Set<string>();
  /** When the last database was named for the first time, by `performance.now()`. */
  lastNamedAt = 0;
  readonly #writtenAt = new Map<string, Moment>();
  readonly #latencies: number[] = [];
  readonly #subscription: Disposable;

  constructor(proxy: MeteringProxy) {
    this.#subscription = proxy.onAnswer((request) => this.#answered(request));
  }

  /**
   * Notes that a database is about to be written. Several writes that go
   * together count as the first of them, which waited longest.
   */
  writing(id: string): void {
    if (this.#writtenAt.has(id)) return;
    this.#writtenAt.set(id, { at: performance.now(), wallMs: Date.now() });
  }

  /** How many databases were written and not uploaded since. */
  get waiting(): number {
    return this.#writtenAt.size;
  }

  /** Takes the times from write to replica that were measured, in ms. */
  takeLatencies(): number[] {
    return this.#latencies.splice(0);
  }

  /** Gives up on what waits; returns how many. */
  giveUp(): number {
    const left = this.#writtenAt.size;
    this.#writtenAt.clear();
    return left;
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  #answered(request: PassedRequest): void {
    const { kind, url, status, startedAt, answeredAt, madeAt } = request;
    const id = UUID.exec(url)?.[0];
    if (id === undefined || answeredAt === null) return;
    if (!this.named.has(id)) {
      this.named.add(id);
      this.lastNamedAt = answeredAt;
    }
    if (kind !== "PUT" || status !== 200 || !LEVEL_0.test(url)) return;
    this.uploaded.add(id);
    const written = this.#writtenAt.get(id);
    if (written === undefined || startedAt < written.at) return;
    // It may have waited to be sent: one made before the write cannot hold it.
    if (madeAt !== null && madeAt < written.wallMs) return;
    this.#writtenAt.delete(id);
    this.#latencies.push(answeredAt - written.at);
  }
}
