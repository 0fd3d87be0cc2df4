import { getLogger } from "@logtape/logtape";
import { backoffMs } from "../domain/backoff.ts";
import type { Client } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import { type Drill, hasFailed } from "../domain/drill.ts";
import { sleep } from "../domain/sleep.ts";
import { isProved } from "../domain/status.ts";
import type { Registry } from "../registry/registry.ts";
import type { StoredClient } from "../store/store.ts";
import { drill, type DrillPorts, type Inconclusive } from "./drill.ts";

const log = getLogger(["litestream-manager", "drill"]);

const DAY_MS = 24 * 3600_000;
/** After a start the first one that nobody asked for comes no sooner, in ms. */
const FIRST_MS = 60_000;
const LOOK_MS = 1_000;
/**
 * After one that came to no verdict the client gets this time, in ms, and ever more; the
 * latter also when what was refuted was uploaded anew.
 */
const USED_PAUSE_MS = 2_000;
const PAUSE_MS = 60_000;
/** What a person wants is given up after so many that came to no verdict. */
const TRIES = 5;
/** After so many in a row, of whichever clients, it is trouble of all. */
const TROUBLE_AFTER = 3;
/** What nobody asked for reads no more than this a day, in bytes, and no larger database. */
const DAILY_BYTES = 10 * (1 << 30);
const LARGEST_BYTES = 1 << 30;

export interface DrillerOptions {
  readonly ports: DrillPorts & {
    readonly registry: Registry;
    /** What the store has of all clients, and of one. */
    readonly rows: () => Iterable<StoredClient>;
    readonly row: (id: ClientId) => StoredClient | undefined;
  };
  /** How many nobody asked for; 0 for none. */
  readonly perDay: number;
  /** Told of each verdict; the registry has it by then. */
  onDrill(id: ClientId, drill: Drill): void;
  /** Told of each drill that came to none; `last`: it is given up. */
  onInconclusive(id: ClientId, reason: string, last: boolean): void;
  /** Told when drills in general come to nothing, and null when they do again. */
  onTrouble(reason: string | null): void;
  /** How often it is looked whether there is anything to do, in ms. @default {1000} */
  readonly lookMs?: number;
}

/** What is remembered of a client between two drills of it. */
interface Course {
  /** Not tried again before, in ms since 1970. */
  notBefore: number;
  /** How many in a row came to no verdict, and how many refuted it. */
  inconclusive: number;
  refuted: number;
  /** When the last one began that came to no verdict, in ms since 1970. */
  triedAt: number;
}

/**
 * Tries backups, one at a time: those that a person wants, those that failed and have
 * been uploaded anew since, and now and then the one whose last drill is longest ago.
 * Only of clients that sleep: a drill ends when anything about its client changes, and
 * comes again later.
 */
export class Driller implements AsyncDisposable {
  readonly #options: DrillerOptions;
  readonly #ending = new AbortController();
  readonly #wanted = new Set<ClientId>();
  /** Those whose last drill did not pass. */
  readonly #failed = new Set<ClientId>();
  readonly #courses = new Map<ClientId, Course>();
  #inconclusive = 0;
  #nextAt: number;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: DrillerOptions) {
    this.#options = options;
    this.#nextAt = options.ports.now() + FIRST_MS;
  }

  /** Begins, where an earlier run stopped. */
  start(): void {
    const { perDay, ports: { registry, now } } = this.#options;
    let last = 0;
    for (const { id, drill } of registry.clients()) {
      if (drill === null) continue;
      last = Math.max(last, drill.at);
      if (hasFailed(drill)) this.#failed.add(id);
    }
    if (perDay > 0 && last > 0) {
      const next = Math.min(last, now()) + DAY_MS / perDay;
      this.#nextAt = Math.max(this.#nextAt, next);
    }
    this.#loop = this.#run();
  }

  /** Tries a client soon: when it sleeps and is proved. */
  request(id: ClientId): void {
    this.#wanted.add(id);
    this.#courses.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    const { lookMs = LOOK_MS } = this.#options;
    while (!signal.aborted) {
      const client = this.#next();
      if (client === null) await sleep(lookMs, { signal });
      else await this.#drill(client);
    }
  }

  #next(): Client | null {
    const { perDay, ports: { registry, now } } = this.#options;
    for (const id of this.#wanted) {
      const client = registry.get(id);
      if (client === undefined || client.presence === "gone" || client.paused) {
        this.#wanted.delete(id);
      } else if (this.#isReady(client)) return client;
    }
    for (const id of this.#failed) {
      const client = registry.get(id);
      if (client === undefined) this.#failed.delete(id);
      else if (this.#isReady(client) && this.#mayPass(client)) return client;
    }
    if (perDay === 0) return null;
    const pause = DAY_MS / perDay;
    // A clock that was set back must not stop it for a year.
    this.#nextAt = Math.min(this.#nextAt, now() + DAY_MS);
    if (now() < this.#nextAt) return null;
    const client = this.#longestUntried();
    const share = DAY_MS * (client?.sizeBytes ?? 0) / DAILY_BYTES;
    this.#nextAt = now() + Math.max(pause, share);
    return client;
  }

  /**
   * Of those that sleep and whose daily snapshot was taken: a restore then reads that,
   * and hardly more.
   */
  #longestUntried(): Client | null {
    const { registry, rows } = this.#options.ports;
    let least: Client | null = null;
    let leastAt = Infinity;
    for (const row of rows()) {
      if (!hasSnapshot(row)) continue;
      const client = registry.get(row.id);
      if (client === undefined || client.sizeBytes > LARGEST_BYTES) continue;
      if (!this.#isReady(client)) continue;
      const triedAt = this.#courses.get(row.id)?.triedAt ?? 0;
      const at = Math.max(triedAt, client.drill?.at ?? 0);
      if (at >= leastAt) continue;
      least = client;
      leastAt = at;
    }
    return least;
  }

  #isReady(client: Client): boolean {
    const { id, presence, paused, activity } = client;
    if (presence !== "present" || paused || activity !== "asleep") return false;
    if (!isProved(client)) return false;
    const wait = (this.#courses.get(id)?.notBefore ?? 0) -
      this.#options.ports.now();
    return wait <= 0 || wait > DAY_MS;
  }

  /** Whether one that failed may come to something else by now. */
  #mayPass({ id, drill, txid }: Client): boolean {
    // Restores begin with the newest snapshot: without a new one, nothing is new.
    const row = this.#options.ports.row(id);
    return drill?.result === "refuted"
      ? row !== undefined && hasSnapshot(row)
      : drill?.txid !== txid;
  }

  async #drill(client: Client): Promise<void> {
    const { ports } = this.#options;
    const { id } = client;
    let found: Drill | Inconclusive;
    {
      const changed = new AbortController();
      using _watch = ports.registry.onChange((after) => {
        if (after?.id === id && isOther(after, client)) changed.abort();
      });
      const signal = AbortSignal.any([changed.signal, this.#ending.signal]);
      try {
        found = await drill(client, ports, { signal });
        signal.throwIfAborted();
      } catch (error) {
        if (this.#ending.signal.aborted) return;
        found = changed.signal.aborted
          ? { result: null, reason: "it was used meanwhile", isGeneral: false }
          : {
            result: null,
            reason: (error as Error).message,
            isGeneral: true,
          };
      }
    }
    // Nothing is waited for between the last look and the telling.
    if (found.result === null) this.#putOff(id, found);
    else this.#tell(id, found);
  }

  #tell(id: ClientId, found: Drill): void {
    const { ports: { registry }, onDrill, onTrouble } = this.#options;
    this.#wanted.delete(id);
    if (this.#inconclusive >= TROUBLE_AFTER) onTrouble(null);
    this.#inconclusive = 0;
    if (hasFailed(found)) {
      const course = this.#courseOf(id);
      course.inconclusive = 0;
      // Refuted again and again, it is uploaded and tried ever later.
      if (course.refuted++ > 0) this.#pause(course, course.refuted, PAUSE_MS);
      this.#failed.add(id);
      const { problem } = found;
      log.error("{id} is not restored as it is: {problem}", { id, problem });
    } else {
      this.#courses.delete(id);
      this.#failed.delete(id);
    }
    registry.observe(id, { drill: found });
    onDrill(id, found);
  }

  #putOff(id: ClientId, { reason, isGeneral }: Inconclusive): void {
    const { ports: { now }, onInconclusive, onTrouble } = this.#options;
    const course = this.#courseOf(id);
    course.triedAt = now();
    const firstMs = isGeneral ? PAUSE_MS : USED_PAUSE_MS;
    this.#pause(course, ++course.inconclusive, firstMs);
    log.warn("A trial restore of {id} came to nothing: {reason}", {
      id,
      reason,
    });
    const last = course.inconclusive % TRIES === 0 && this.#wanted.delete(id);
    onInconclusive(id, reason, last);
    if (isGeneral && ++this.#inconclusive === TROUBLE_AFTER) onTrouble(reason);
  }

  #pause(course: Course, times: number, firstMs: number): void {
    const pause = backoffMs(times, { firstMs, maxMs: DAY_MS });
    course.notBefore = this.#options.ports.now() + pause;
  }

  #courseOf(id: ClientId): Course {
    let course = this.#courses.get(id);
    if (course === undefined) {
      course = { notBefore: 0, inconclusive: 0, refuted: 0, triedAt: 0 };
      this.#courses.set(id, course);
    }
    return course;
  }
}

/** Whether the daily snapshot of a client holds all of it. */
function hasSnapshot({ txid, snapshotTxid }: StoredClient): boolean {
  return snapshotTxid !== null && snapshotTxid === txid;
}

/** Whether what a drill compares with is not what it was. */
function isOther(after: Client, before: Client): boolean {
  return after.activity !== before.activity ||
    after.changeSeq !== before.changeSeq || after.path !== before.path ||
    after.presence !== before.presence || after.paused !== before.paused ||
    after.proved !== before.proved || after.txid !== before.txid ||
    after.fingerprint !== before.fingerprint;
}
