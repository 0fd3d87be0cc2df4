import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import type { Client } from "../domain/client.ts";
import type { Registry } from "../registry/registry.ts";

/** How far the first backups are; null when every client has one. */
export interface FirstBackupProgress {
  /** Clients that had no backup when this round began, or were found since. */
  readonly total: number;
  readonly done: number;
  /** Backups a second over the last half minute. */
  readonly perSecond: number;
  /** At that rate; null while there is none. */
  readonly secondsLeft: number | null;
}

const WINDOW_MS = 30_000;
/** As many are remembered for the rate. */
const MAX_TIMES = 2_000;

/** Counts the clients that have no backup yet, while they get one. */
export class FirstBackups implements Disposable {
  readonly #now: () => number;
  readonly #version = signal(0);
  /** Reckoned when somebody looks, not at each of thousands of changes. */
  readonly #progress = computed(() => {
    this.#version.value;
    return this.#read();
  });
  readonly #subscription: Disposable;
  /** When the last backups were done, oldest first. */
  #times: number[] = [];
  #remaining = 0;
  #done = 0;

  constructor(
    registry: Registry,
    { now = Date.now }: { now?: () => number } = {},
  ) {
    this.#now = now;
    for (const client of registry.clients()) {
      if (lacksBackup(client)) this.#remaining++;
    }
    this.#subscription = registry.onChange((after, before) =>
      this.#note(after, before)
    );
  }

  get progress(): ReadonlySignal<FirstBackupProgress | null> {
    return this.#progress;
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  #note(after: Client | null, before: Client | null): void {
    const lacked = before !== null && lacksBackup(before);
    const lacks = after !== null && lacksBackup(after);
    if (lacked === lacks) return;
    this.#remaining += lacks ? 1 : -1;
    // One that was deleted or paused is not done, it is no longer asked for.
    if (lacked && after !== null && after.replicatedTxid !== null) {
      this.#done++;
      this.#times.push(this.#now());
      if (this.#times.length > MAX_TIMES) this.#times.shift();
    }
    if (this.#remaining === 0) {
      this.#done = 0;
      this.#times = [];
    }
    this.#version.value++;
  }

  #read(): FirstBackupProgress | null {
    if (this.#remaining === 0) return null;
    const now = this.#now();
    const first = this.#times.findIndex((time) => now - time <= WINDOW_MS);
    this.#times = first < 0 ? [] : this.#times.slice(first);
    const [oldest] = this.#times;
    const seconds = oldest === undefined ? 0 : (now - oldest) / 1_000;
    const perSecond = seconds > 0 ? this.#times.length / seconds : 0;
    return {
      total: this.#remaining + this.#done,
      done: this.#done,
      perSecond,
      secondsLeft: perSecond > 0 ? this.#remaining / perSecond : null,
    };
  }
}

function lacksBackup(client: Client): boolean {
  return client.presence === "present" && !client.paused &&
    client.replicatedTxid === null;
}
