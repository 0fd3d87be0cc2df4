import { getLogger } from "@logtape/logtape";
import type { ClientId } from "../domain/client_id.ts";
import { isProved } from "../domain/status.ts";
import type { Registry } from "../registry/registry.ts";
import type { StoredClient } from "../store/store.ts";
import { type Duties, NO_DUTY } from "./duties.ts";
import { housekeep, isHousekeepingDue } from "./housekeep.ts";
import type { Ports } from "./ports.ts";
import type { VerdictDesk } from "./verdict.ts";

const log = getLogger(["litestream-manager", "protection"]);

/** How often clients are looked through for their daily snapshot, in ms. */
const HOUSEKEEPING_MS = 60_000;
/** How many snapshots are taken at once, of those that are due and of those that are wanted. */
const HOUSEKEEPING_PARALLEL = 2;
/** How many are noted as due at one look. */
const HOUSEKEEPING_BATCH = 200;
/** How long one whose snapshot failed is left alone, in ms. */
const HOUSEKEEPING_PAUSE_MS = 10 * 60_000;
/** The same for one that a person wants and whose application held it up, in ms. */
const WANTED_PAUSE_MS = 10_000;

export interface HousekeeperOptions {
  readonly ports: Ports & { readonly registry: Registry };
  readonly desk: VerdictDesk;
  readonly duties: Duties;
  /** Begins nothing more once it is aborted, and ends what is under way. */
  readonly signal: AbortSignal;
  /** Runs one thing for a client, unless something else runs for it. */
  readonly carryOut: (id: ClientId, work: () => Promise<void>) => void;
  /** Takes a client from the daemon. */
  readonly fallAsleep: (id: ClientId) => Promise<void>;
  readonly onSnapshot: () => void;
}

/** Takes full snapshots of clients that sleep: those that are due, and those that a person wants. */
export class Housekeeper {
  readonly #options: HousekeeperOptions;
  /** Clients of which a person wants a snapshot now. */
  readonly #wanted = new Set<ClientId>();
  /** Those whose snapshot failed are left alone until then, in ms since 1970. */
  readonly #notBefore = new Map<ClientId, number>();
  /** What was due at the last look, and how many snapshots are under way for either. */
  #due: ClientId[] = [];
  readonly #underWay = { wanted: 0, due: 0 };
  #lookedAt = 0;

  constructor(options: HousekeeperOptions) {
    this.#options = options;
  }

  /** See `Scheduler.requestSnapshot`. */
  request(id: ClientId): void {
    this.#wanted.add(id);
    this.#notBefore.delete(id);
  }

  /** The clock was set back, by so many ms. */
  shift(backMs: number): void {
    this.#lookedAt -= backMs;
    this.#notBefore.clear();
  }

  /** Begins what it is time for; call it while a daemon is up. */
  work(): void {
    this.#serveWanted();
    const now = this.#options.ports.now();
    if (now - this.#lookedAt >= HOUSEKEEPING_MS) {
      this.#lookedAt = now;
      this.#due = this.#findDue();
    }
    this.#serveDue();
  }

  /** Takes the snapshots that were asked for, a few at a time. */
  #serveWanted(): void {
    const { ports: { registry }, duties } = this.#options;
    for (const id of this.#wanted) {
      if (this.#underWay.wanted >= HOUSEKEEPING_PARALLEL) return;
      const client = registry.get(id);
      if (client === undefined || client.presence === "gone" || client.paused) {
        this.#wanted.delete(id);
        continue;
      }
      const { busy } = duties.peek(id) ?? NO_DUTY;
      if (busy || !isProved(client) || this.#isPaused(id)) continue;
      if (client.activity === "awake") {
        this.#begin("wanted", id, () => this.#options.fallAsleep(id));
      } else {
        this.#wanted.delete(id);
        this.#begin("wanted", id, async () => {
          if (await this.#take(id)) return;
          this.#wanted.add(id);
          // The application stood in the way.
          if (!this.#isPaused(id)) this.#pause(id, WANTED_PAUSE_MS);
        });
      }
    }
  }

  /** Takes the daily snapshots that are due, a few at a time. */
  #serveDue(): void {
    while (this.#underWay.due < HOUSEKEEPING_PARALLEL) {
      const id = this.#due.pop();
      if (id === undefined) return;
      const row = this.#options.ports.store.get(id);
      // It may have been woken, paused or taken care of since that look.
      if (row === undefined || !this.#isDue(row)) continue;
      this.#begin("due", id, async () => {
        // With one that failed, the bucket's other clients would fail as well.
        if (!await this.#take(id) && this.#isPaused(id)) this.#due = [];
      });
    }
  }

  #findDue(): ClientId[] {
    const due: ClientId[] = [];
    for (const row of this.#options.ports.store.rows()) {
      if (!this.#isDue(row)) continue;
      due.push(row.id);
      if (due.length === HOUSEKEEPING_BATCH) break;
    }
    return due;
  }

  #isDue(row: StoredClient): boolean {
    const { ports: { registry, now }, duties } = this.#options;
    const client = registry.get(row.id);
    if (client === undefined || !isHousekeepingDue(client, row, now())) {
      return false;
    }
    const { busy } = duties.peek(row.id) ?? NO_DUTY;
    return !busy && !this.#isPaused(row.id);
  }

  #pause(id: ClientId, ms: number): void {
    this.#notBefore.set(id, this.#options.ports.now() + ms);
  }

  #isPaused(id: ClientId): boolean {
    return (this.#notBefore.get(id) ?? 0) > this.#options.ports.now();
  }

  /** Runs one thing for a client that nobody is busy with; its end calls for a plan. */
  #begin(
    kind: "wanted" | "due",
    id: ClientId,
    work: () => Promise<void>,
  ): void {
    const { carryOut } = this.#options;
    carryOut(id, async () => {
      this.#underWay[kind]++;
      try {
        await work();
      } finally {
        this.#underWay[kind]--;
      }
    });
  }

  /** Returns whether there is a snapshot now; after a failure it is left alone for a while. */
  async #take(id: ClientId): Promise<boolean> {
    const { ports, desk, signal, onSnapshot } = this.#options;
    const { registry } = ports;
    registry.observe(id, { activity: "drowsing" });
    try {
      const isDone = await housekeep(id, ports, { desk, signal });
      if (isDone) {
        this.#notBefore.delete(id);
        onSnapshot();
      }
      return isDone;
    } catch (error) {
      if (signal.aborted) return false;
      const { message } = error as Error;
      log.warn("No daily snapshot of {id}: {message}", { id, message });
      // Not its duty's: a change would wait as well.
      this.#pause(id, HOUSEKEEPING_PAUSE_MS);
      return false;
    } finally {
      registry.observe(id, { activity: "asleep" });
    }
  }
}
