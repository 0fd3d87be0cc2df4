import { getLogger } from "@logtape/logtape";
import type { ClientId } from "../domain/client_id.ts";
import { isProved } from "../domain/status.ts";
import type { Registry } from "../registry/registry.ts";
import { type Duties, NO_DUTY } from "./duties.ts";
import { housekeep, isHousekeepingDue } from "./housekeep.ts";
import type { Ports } from "./ports.ts";
import type { VerdictDesk } from "./verdict.ts";

const log = getLogger(["litestream-manager", "protection"]);

/** How often clients are looked through for their daily snapshot, in ms. */
const HOUSEKEEPING_MS = 60_000;
/** How many snapshots are taken at once, and begun at one look. */
const HOUSEKEEPING_PARALLEL = 2;
const HOUSEKEEPING_BATCH = 200;
/** How long one whose snapshot failed is left alone, in ms. */
const HOUSEKEEPING_PAUSE_MS = 10 * 60_000;

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
  #lookedAt = 0;

  constructor(options: HousekeeperOptions) {
    this.#options = options;
  }

  /** See `Scheduler.requestSnapshot`. */
  request(id: ClientId): void {
    this.#wanted.add(id);
  }

  /** The clock was set back, by so many ms. */
  shift(backMs: number): void {
    this.#lookedAt -= backMs;
  }

  /** Begins what it is time for; call it while a daemon is up. */
  work(): void {
    this.#serveWanted();
    const now = this.#options.ports.now();
    if (now - this.#lookedAt < HOUSEKEEPING_MS) return;
    this.#lookedAt = now;
    this.#beginDue();
  }

  /** Takes the snapshots that were asked for, as many at once as is good. */
  #serveWanted(): void {
    const { ports: { registry }, duties, carryOut, fallAsleep } = this.#options;
    let begun = 0;
    for (const id of this.#wanted) {
      const client = registry.get(id);
      if (client === undefined || client.presence === "gone" || client.paused) {
        this.#wanted.delete(id);
        continue;
      }
      const { busy } = duties.peek(id) ?? NO_DUTY;
      if (busy || !isProved(client)) continue;
      if (client.activity === "awake") carryOut(id, () => fallAsleep(id));
      else {
        this.#wanted.delete(id);
        carryOut(id, async () => void await this.#take(id));
      }
      if (++begun === HOUSEKEEPING_PARALLEL) break;
    }
  }

  /** Takes the daily snapshots that are due, a few at a time. */
  #beginDue(): void {
    const { ports, duties, signal, carryOut } = this.#options;
    const { registry, store, now } = ports;
    const due: ClientId[] = [];
    for (const row of store.rows()) {
      const client = registry.get(row.id);
      if (client === undefined || !isHousekeepingDue(client, row, now())) {
        continue;
      }
      const { busy, notBefore } = duties.peek(row.id) ?? NO_DUTY;
      if (busy || notBefore > now()) continue;
      due.push(row.id);
      if (due.length === HOUSEKEEPING_BATCH) break;
    }
    const next = () => {
      const id = due.pop();
      if (id === undefined || signal.aborted) return;
      carryOut(id, async () => {
        // With one that failed, the bucket's other clients would fail as well.
        if (!await this.#take(id)) due.length = 0;
        next();
      });
    };
    for (let begun = 0; begun < HOUSEKEEPING_PARALLEL; begun++) next();
  }

  /** Returns false when Litestream failed. */
  async #take(id: ClientId): Promise<boolean> {
    const { ports, desk, duties, signal, onSnapshot } = this.#options;
    const { registry, now } = ports;
    registry.observe(id, { activity: "drowsing" });
    try {
      if (await housekeep(id, ports, { desk, signal })) onSnapshot();
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      const { message } = error as Error;
      log.warn("No daily snapshot of {id}: {message}", { id, message });
      duties.of(id).notBefore = now() + HOUSEKEEPING_PAUSE_MS;
      return false;
    } finally {
      registry.observe(id, { activity: "asleep" });
    }
  }
}
