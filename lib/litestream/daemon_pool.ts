import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import { getLogger } from "@logtape/logtape";
import type { Txid } from "../domain/txid.ts";
import { Daemon, type DaemonOptions, type DaemonState } from "./daemon.ts";

const log = getLogger(["litestream-manager", "daemon"]);

export interface DaemonPoolOptions
  extends Omit<DaemonOptions, "name" | "socket" | "onDown" | "onUp"> {
  /** How many databases one daemon gets. @default {500} */
  readonly capacity?: number;
  /** How many daemons there may be. */
  readonly most: number;
  /** Path of a daemon's control socket. */
  socketOf(name: string): Promise<string>;
  /** A daemon ended: these databases are registered no more. */
  onDown(paths: ReadonlySet<string>): void;
  onUp(): void;
}

/** What is known of all daemons together. */
export interface PoolState extends DaemonState {
  /** How many processes there are. */
  readonly daemons: number;
}

interface Slot {
  /** Its number among the daemons, from which it has its name. */
  readonly index: number;
  readonly daemon: Daemon;
  readonly paths: Set<string>;
  /** How many databases its process was given. */
  served: number;
  /** Its process was told to end, and the next does not answer yet. */
  resting: boolean;
}

/**
 * A process that was given so many databases gets no more where another can
 * take them, and is replaced when nobody is left: Litestream opens connections
 * to S3 for each database and keeps them for 90 s, also of those that it had to
 * let go. With thousands of them it is slow and large.
 */
const TIRED_AFTER = 1_000;

/** A manager with a larger limit may have left so many more. */
const MOST_LEFT = 16;
/** How long a further daemon may take to answer, in ms. */
const READY_MS = 15_000;

/**
 * The daemons: one, and more only while one is full. A database goes to the
 * one that has the fewest; the death of a daemon touches only its own. When few
 * databases are left, all that come go to one, and whichever is empty ends.
 */
export class DaemonPool implements AsyncDisposable {
  readonly #options: DaemonPoolOptions;
  readonly #slots = signal<readonly Slot[]>([]);
  readonly #state: ReadonlySignal<PoolState>;
  readonly #owners = new Map<string, Slot>();
  #growing: Promise<unknown> | null = null;
  /** Those that were told to end for good, by their number. */
  readonly #ending = new Map<number, Promise<void>>();
  /** Restarts of those that ended for good. */
  #formerRestarts = 0;
  #stopped = false;

  private constructor(options: DaemonPoolOptions) {
    this.#options = options;
    this.#state = computed(() => {
      const states = this.#slots.value.map(({ daemon }) => daemon.state.value);
      const state = summarize(states);
      return { ...state, restarts: state.restarts + this.#formerRestarts };
    });
  }

  /** Starts the first daemon; resolves before it is ready. */
  static async start(options: DaemonPoolOptions): Promise<DaemonPool> {
    const pool = new DaemonPool(options);
    // A manager that was killed may have left several.
    for (let index = 1; index < options.most + MOST_LEFT; index++) {
      await Daemon.endLeftOver(await pool.#optionsOf(index));
    }
    await pool.#grow();
    return pool;
  }

  get state(): ReadonlySignal<PoolState> {
    return this.#state;
  }

  get isUp(): boolean {
    return this.#slots.peek().some(({ daemon }) => daemon.isUp);
  }

  /** The memory of all of them. */
  get rssBytes(): number | null {
    return this.#state.peek().rssBytes;
  }

  /** Whether a database is registered with a daemon that lives. */
  has(path: string): boolean {
    return this.#owners.has(path);
  }

  /** Gives a database to the daemon that has the fewest. See `Daemon.register`. */
  async register(path: string, replicaUrl: string): Promise<void> {
    const slot = await this.#reserve(path);
    try {
      await slot.daemon.register(path, replicaUrl);
    } catch (error) {
      this.#release(path, slot);
      throw error;
    }
  }

  /** See `Daemon.unregister`. */
  async unregister(path: string, timeoutMs: number): Promise<Txid | null> {
    const slot = this.#owners.get(path);
    if (slot === undefined) return null;
    try {
      return await slot.daemon.unregister(path, timeoutMs);
    } finally {
      this.#release(path, slot);
      this.#shrink();
      if (isTired(slot) && slot.paths.size === 0) this.#replace(slot);
    }
  }

  /**
   * For when nobody is registered: ends the daemons but one, and puts a fresh
   * process in the place of that.
   */
  replace(): void {
    if (this.#owners.size > 0) return;
    const [first, ...others] = this.#slots.peek();
    for (const slot of others) this.#retire(slot);
    if (first !== undefined) this.#replace(first);
  }

  /** Ends all daemons, side by side, each within `graceMs`. */
  async stop(options: { graceMs?: number } = {}): Promise<void> {
    this.#stopped = true;
    await this.#growing?.catch(() => {});
    await Promise.all([
      ...this.#slots.peek().map(({ daemon }) => daemon.stop(options)),
      ...this.#ending.values(),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Ends whoever has nothing, when the others have room for twice what there is. */
  #shrink(): void {
    if (this.#stopped) return;
    const { capacity = 500 } = this.#options;
    for (const slot of this.#slots.peek()) {
      if (slot.paths.size > 0 || !slot.daemon.isUp || slot.resting) continue;
      const others = this.#slots.peek()
        .filter((other) => other !== slot && canTake(other));
      const room = others.length * capacity;
      if (others.length > 0 && 2 * this.#owners.size <= room) {
        this.#retire(slot);
      }
    }
  }

  /** Ends a daemon for good. */
  #retire(slot: Slot): void {
    const { index, daemon } = slot;
    this.#formerRestarts += daemon.state.peek().restarts;
    this.#slots.value = this.#slots.peek().filter((other) => other !== slot);
    const ended = daemon.stop()
      .catch((error) => log.error("Cannot end a daemon: {error}", { error }))
      .finally(() => this.#ending.delete(index));
    this.#ending.set(index, ended);
  }

  #replace(slot: Slot): void {
    if (!this.#slots.peek().includes(slot)) return;
    if (slot.resting || this.#stopped) return;
    slot.resting = true;
    slot.served = 0;
    slot.daemon.replace();
  }

  #release(path: string, slot: Slot): void {
    slot.paths.delete(path);
    if (this.#owners.get(path) === slot) this.#owners.delete(path);
  }

  /** Takes a place for a database; of many at once, no two take the same. */
  async #reserve(path: string): Promise<Slot> {
    for (;;) {
      if (this.#stopped) throw new Error("Cannot register: the program ends");
      const slot = this.#owners.get(path) ?? this.#slotWithRoom();
      if (slot !== null) {
        slot.served++;
        slot.paths.add(path);
        this.#owners.set(path, slot);
        return slot;
      }
      this.#growing ??= this.#grow().finally(() => this.#growing = null);
      await this.#growing;
    }
  }

  /** Null when another daemon is to begin. */
  #slotWithRoom(): Slot | null {
    const { capacity = 500, most } = this.#options;
    const count = this.#slots.peek().length;
    const up = this.#slots.peek()
      .filter(({ daemon, resting }) => daemon.isUp && !resting);
    // One that is restarted is there again sooner than another would be, and its
    // clients are told to come again then.
    if (up.length === 0) return this.#slots.peek()[0]!;
    const fresh = up.filter(canTake);
    const isFew = 2 * this.#owners.size < capacity;
    const best = isFew ? fresh[0] ?? null : leastUsed(fresh);
    if (best !== null && best.paths.size < capacity) return best;
    // One more may stand in for those that get no more.
    const allowed = most + Number(up.some(isTired));
    if (count < allowed) return null;
    return leastUsed(up)!;
  }

  async #grow(): Promise<void> {
    const index = this.#freeIndex();
    const isFirst = this.#slots.peek().length === 0;
    const paths = new Set<string>();
    const { promise: up, resolve } = Promise.withResolvers<void>();
    const daemon = await Daemon.start({
      ...await this.#optionsOf(index),
      onUp: () => {
        slot.resting = false;
        resolve();
        this.#options.onUp();
      },
      onDown: () => {
        const lost = new Set(paths);
        for (const path of lost) this.#release(path, slot);
        // One that had nobody was told to end, and is nobody's loss.
        if (this.#slots.peek().includes(slot)) this.#options.onDown(lost);
      },
    });
    const slot: Slot = { index, daemon, paths, served: 0, resting: false };
    this.#slots.value = [...this.#slots.peek(), slot];
    // The first may be slow to start: everything waits for it anyway.
    if (isFirst) return;
    const timer = setTimeout(resolve, READY_MS);
    await up;
    clearTimeout(timer);
  }

  #freeIndex(): number {
    const taken = new Set(this.#slots.peek().map(({ index }) => index));
    let index = 0;
    while (taken.has(index) || this.#ending.has(index)) index++;
    return index;
  }

  async #optionsOf(index: number): Promise<DaemonOptions> {
    const name = index === 0 ? "litestream" : `litestream-${index + 1}`;
    return {
      ...this.#options,
      name,
      socket: await this.#options.socketOf(name),
      onDown: () => {},
    };
  }
}

function isTired({ served }: Slot): boolean {
  return served >= TIRED_AFTER;
}

function canTake(slot: Slot): boolean {
  return slot.daemon.isUp && !slot.resting && !isTired(slot);
}

/** The one that has the fewest databases. */
function leastUsed(slots: readonly Slot[]): Slot | null {
  return slots.reduce<Slot | null>(
    (best, slot) =>
      best === null || slot.paths.size < best.paths.size ? slot : best,
    null,
  );
}

/** The first daemon's state, with the memory and the restarts of all. */
function summarize(states: readonly DaemonState[]): PoolState {
  const [first] = states;
  if (first === undefined) {
    return {
      state: "starting",
      version: null,
      pid: null,
      rssBytes: null,
      restarts: 0,
      error: null,
      daemons: 0,
    };
  }
  const running = states.find(({ state }) => state === "running") ?? first;
  const memory = states.map(({ rssBytes }) => rssBytes ?? 0);
  const rssBytes = memory.reduce((sum, bytes) => sum + bytes, 0);
  return {
    ...running,
    rssBytes: rssBytes > 0 ? rssBytes : null,
    restarts: states.reduce((sum, { restarts }) => sum + restarts, 0),
    error: states.find(({ error }) => error !== null)?.error ?? null,
    daemons: states.length,
  };
}
