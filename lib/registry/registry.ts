import { type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { type Client, modifiedAt } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import type { DiscoveryEvent } from "../domain/discovery_event.ts";
import type { Drill } from "../domain/drill.ts";
import {
  isProved,
  type Status,
  STATUSES,
  statusOf,
  type StatusRules,
} from "../domain/status.ts";

/** What a writer may say of a client; what it leaves out stays as it is. */
export type Observation = Partial<
  Omit<Client, "id" | "status" | "changeSeq" | "duplicates" | "presence">
>;

/** What of a client survives a restart. */
export type Remembered =
  & Pick<Client, "id" | "path">
  & Pick<
    Client,
    | "paused"
    | "proved"
    | "txid"
    | "replicatedTxid"
    | "fingerprint"
    | "lastSyncedAt"
    | "sizeBytes"
  >;

/** Told after every change of a client; `before` is null for a new one. */
export type ChangeListener = (
  after: Client | null,
  before: Client | null,
) => void;

type FoundEvent = Extract<DiscoveryEvent, { kind: "found" }>;
type ChangedEvent = Extract<DiscoveryEvent, { kind: "changed" }>;

export type Counts = Readonly<Record<Status, number>>;

/**
 * All clients: a signal for each, and counters that are kept while they change.
 * The only mutable state of the program. Two writers: {@linkcode Registry.discover},
 * for what the disk says, and {@linkcode Registry.observe}, for what Litestream
 * and the guard say.
 */
export class Registry {
  readonly #rules: StatusRules;
  readonly #now: () => number;
  readonly #byId = new Map<ClientId, Signal<Client>>();
  /** Paths of present files, also of duplicates. */
  readonly #byPath = new Map<string, ClientId>();
  readonly #counts = signal<Counts>(noCounts());
  readonly #listeners = new Set<ChangeListener>();
  /** Clients whose status may change by the passing of time alone. */
  readonly #timed = new Set<ClientId>();
  /** Clients that are awake, or present and not proved: what plan() looks at. */
  readonly #attention = new Set<ClientId>();
  #awake = 0;

  constructor(
    rules: StatusRules,
    { now = Date.now }: { now?: () => number } = {},
  ) {
    this.#rules = rules;
    this.#now = now;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** How many clients the daemon has, or is being given. */
  get awake(): number {
    return this.#awake;
  }

  /** How many clients are in each status. */
  get counts(): ReadonlySignal<Counts> {
    return this.#counts;
  }

  get(id: ClientId): Client | undefined {
    return this.#byId.get(id)?.peek();
  }

  /** The client as a signal, for those who want to hear of its changes. */
  signal(id: ClientId): ReadonlySignal<Client> | undefined {
    return this.#byId.get(id);
  }

  byPath(path: string): Client | undefined {
    const id = this.#byPath.get(path);
    return id === undefined ? undefined : this.get(id);
  }

  *clients(): Generator<Client> {
    for (const client of this.#byId.values()) yield client.peek();
  }

  /** The clients that are awake, or present and not proved to be protected. */
  *attention(): Generator<Client> {
    for (const id of this.#attention) yield this.#byId.get(id)!.peek();
  }

  /** Calls the listener after every change, until it is disposed of. */
  onChange(listener: ChangeListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /**
   * Adds a client that an earlier run knew, as gone until discovery finds it.
   * Call this before anything is discovered.
   */
  remember(row: Remembered, drill: Drill | null = null): void {
    if (this.#byId.has(row.id)) return;
    this.#put({
      ...row,
      drill,
      presence: "gone",
      duplicates: [],
      activity: "asleep",
      createdAt: null,
      lastChangedAt: null,
      dirtySince: null,
      changeSeq: 0,
      error: null,
      blocked: null,
    }, null);
  }

  /** Takes in what discovery says of the disk. */
  discover(event: DiscoveryEvent): void {
    switch (event.kind) {
      case "found":
        return this.#found(event);
      case "changed":
        return this.#changed(event);
      case "lost":
        return this.#lost(event.path, event.id);
    }
  }

  /** Takes in what is known of a client besides its files; unknown ids are ignored. */
  observe(id: ClientId, observation: Observation): void {
    const before = this.get(id);
    if (before !== undefined) this.#put({ ...before, ...observation }, before);
  }

  /** Forgets a client that is gone; its backup stays. */
  forget(id: ClientId): void {
    const before = this.get(id);
    if (before === undefined || before.presence !== "gone") return;
    this.#byId.delete(id);
    this.#timed.delete(id);
    this.#attention.delete(id);
    if (before.activity !== "asleep") this.#awake--;
    this.#count(before.status, -1);
    for (const listener of this.#listeners) listener(null, before);
  }

  /** Brings statuses up to date that change by the passing of time. */
  tick(): void {
    for (const id of this.#timed) {
      const before = this.#byId.get(id)!.peek();
      const status = statusOf(before, this.#now(), this.#rules);
      if (status !== before.status) this.#put(before, before);
    }
  }

  #found({ path, id, facts, fingerprint }: FoundEvent): void {
    this.#byPath.set(path, id);
    const before = this.get(id);
    if (
      before !== undefined && before.presence === "present" &&
      before.path !== path
    ) {
      if (before.duplicates.includes(path)) return;
      const duplicates = [...before.duplicates, path].sort();
      return this.#put({ ...before, duplicates }, before);
    }
    const now = this.#now();
    const changedAt = Math.min(now, modifiedAt(facts));
    const disk = {
      path,
      presence: "present",
      createdAt: facts.createdAt,
      sizeBytes: Number(facts.size),
      lastChangedAt: changedAt,
    } as const;
    if (before === undefined) {
      return this.#put({
        id,
        ...disk,
        duplicates: [],
        paused: false,
        activity: "asleep",
        lastSyncedAt: null,
        dirtySince: now,
        changeSeq: 1,
        proved: false,
        txid: null,
        replicatedTxid: null,
        fingerprint: null,
        error: null,
        blocked: null,
        drill: null,
      }, null);
    }
    const same = before.path === path && before.fingerprint === fingerprint;
    this.#put({
      ...before,
      ...disk,
      // Another path means another file, and the daemon may have open what stood
      // here before: what was proved, was of the old one.
      proved: before.proved && before.path === path &&
        (before.presence === "present" || before.activity === "asleep"),
      dirtySince: same
        ? before.dirtySince
        : Math.min(before.dirtySince ?? now, changedAt),
      changeSeq: before.changeSeq + 1,
    }, before);
  }

  #changed({ path, id, facts, fingerprint }: ChangedEvent): void {
    const before = this.get(id);
    if (before === undefined || before.path !== path) return;
    const sizeBytes = Number(facts.size);
    const at = Math.min(this.#now(), modifiedAt(facts));
    const asProved = before.activity === "asleep" &&
      before.fingerprint === fingerprint;
    this.#put({
      ...before,
      sizeBytes,
      lastChangedAt: at,
      dirtySince: asProved ? before.dirtySince : before.dirtySince ?? at,
      changeSeq: before.changeSeq + 1,
    }, before);
  }

  #lost(path: string, id: ClientId): void {
    this.#byPath.delete(path);
    const before = this.get(id);
    if (before === undefined) return;
    const duplicates = before.duplicates.filter((other) => other !== path);
    if (before.path !== path) {
      return this.#put({ ...before, duplicates }, before);
    }
    const [heir, ...rest] = duplicates;
    if (heir === undefined) {
      return this.#put({ ...before, presence: "gone" }, before);
    }
    this.#put({
      ...before,
      path: heir,
      duplicates: rest,
      proved: false,
      fingerprint: null,
      dirtySince: this.#now(),
      changeSeq: before.changeSeq + 1,
    }, before);
  }

  #put(draft: Omit<Client, "status">, before: Client | null): void {
    const status = statusOf(draft, this.#now(), this.#rules);
    const after: Client = { ...draft, status };
    if (before === null) this.#byId.set(after.id, signal(after));
    else this.#byId.get(after.id)!.value = after;

    if (before?.status !== status) {
      if (before !== null) this.#count(before.status, -1);
      this.#count(status, 1);
    }
    if (before !== null && before.activity !== "asleep") this.#awake--;
    if (after.activity !== "asleep") this.#awake++;
    keep(
      this.#timed,
      after.id,
      status === "syncing" || status === "discovered",
    );
    keep(
      this.#attention,
      after.id,
      after.activity !== "asleep" ||
        after.presence === "present" && !isProved(after),
    );
    for (const listener of this.#listeners) listener(after, before);
  }

  #count(status: Status, by: number): void {
    const counts = this.#counts.peek();
    this.#counts.value = { ...counts, [status]: counts[status] + by };
  }
}

function keep<T>(set: Set<T>, item: T, member: boolean): void {
  if (member) set.add(item);
  else set.delete(item);
}

function noCounts(): Counts {
  return Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<
    Status,
    number
  >;
}
