import { setTimeout as delay } from "node:timers/promises";
import type { ManagerProcess } from "./run_manager.ts";
import type { App, Scene } from "./scene.ts";

/** A client that was called protected while something of it was missing. */
export interface FalseClaim {
  readonly id: string;
  readonly at: string;
  /** Rows that the application had committed, and that the bucket had. */
  readonly committed: number;
  readonly held: number | string;
}

/**
 * How long a write may take to be noticed, in ms: it is a hint of the system that
 * tells of it, and this machine runs more than this test. Without a hint, a sweep
 * finds it within 10 s.
 */
const NOTICE_MS = 4_000;

/**
 * Watches what a manager claims while applications write: a client that is called
 * protected has everything in the bucket that was committed some seconds before.
 * It restores what the bucket holds at that moment, so it believes no one.
 */
export class ClaimWatch implements AsyncDisposable {
  readonly falseClaims: FalseClaim[] = [];
  /** Claims of `protected` that were compared with a restore. */
  compared = 0;
  /** Every status that each client was seen in. */
  readonly seen: Set<string> = new Set();
  readonly #scene: Scene;
  readonly #manager: ManagerProcess;
  readonly #writes = new Map<string, { at: number; rows: number }[]>();
  readonly #end = new AbortController();
  readonly #running: Promise<void>;
  /** Nothing that is committed from then on can be in the bucket. */
  #outageSince = Infinity;

  constructor(scene: Scene, manager: ManagerProcess) {
    this.#scene = scene;
    this.#manager = manager;
    this.#running = this.#run();
  }

  /** Inserts rows into each application and remembers when. */
  write(apps: Iterable<App>, rows = 1): void {
    for (const app of apps) {
      app.insert(rows, 200);
      const list = this.#writes.get(app.id) ?? [];
      list.push({ at: Date.now(), rows: app.count() });
      this.#writes.set(app.id, list);
    }
  }

  /** The bucket is out of reach now. */
  outageBegins(): void {
    this.#outageSince = Date.now();
  }

  /** Call it before the bucket is back. */
  outageEnds(): void {
    this.#outageSince = Infinity;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let turn = 0;
    const { signal } = this.#end;
    while (!signal.aborted) {
      const asked = Date.now();
      const outage = this.#outageSince;
      let clients;
      try {
        ({ clients } = await this.#manager.status());
      } catch {
        // It is ending, or being started again.
        await delay(100);
        continue;
      }
      for (const { status } of clients) this.seen.add(status);
      const claimed = clients.filter(({ status }) => status === "protected");
      for (const { clientId } of claimed) {
        const committed = this.#rowsBefore(clientId, asked - NOTICE_MS);
        const since = this.#firstWriteAfter(clientId, outage);
        if (outage === this.#outageSince && since < asked - NOTICE_MS) {
          this.#accuse(clientId, asked, committed, "written in the outage");
        }
      }
      if (claimed.length > 0 && this.#outageSince === Infinity) {
        await this.#compare(claimed[turn++ % claimed.length]!.clientId, asked);
      }
      await delay(150);
    }
  }

  async #compare(id: string, asked: number): Promise<void> {
    const committed = this.#rowsBefore(id, asked - NOTICE_MS);
    const held = await this.#scene.rowsHeld(id).catch((error: Error) => {
      // The bucket may have gone away meanwhile.
      return this.#outageSince === Infinity ? error.message : Infinity;
    });
    this.compared++;
    if (typeof held === "string" || held < committed) {
      this.#accuse(id, asked, committed, held);
    }
  }

  #accuse(id: string, at: number, committed: number, held: number | string) {
    const claim = { id, at: new Date(at).toISOString(), committed, held };
    if (this.falseClaims.length < 20) this.falseClaims.push(claim);
  }

  #rowsBefore(id: string, time: number): number {
    return this.#writes.get(id)?.findLast(({ at }) => at < time)?.rows ?? 0;
  }

  #firstWriteAfter(id: string, time: number): number {
    return this.#writes.get(id)?.find(({ at }) => at >= time)?.at ?? Infinity;
  }
}
