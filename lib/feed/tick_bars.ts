import type { Client } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import type { Status } from "../domain/status.ts";
import { minuteOf } from "./activity_ring.ts";

/**
 * What one minute of a client was, the worst that happened in it:
 * nothing · changed · uploaded · late · in trouble.
 */
export type Tick = 0 | 1 | 2 | 3 | 4;

const MINUTES = 60;

interface Bar {
  /** The minute of the last cell that was written. */
  minute: number;
  /** A ring: the cell of a minute is at that minute modulo 60. */
  readonly cells: Uint8Array;
  /** What the minutes without news are: 0, or the trouble that goes on. */
  standing: Tick;
}

/**
 * The last hour of the clients that changed lately, a digit per minute. Memory
 * is bounded: only the `limit` clients that changed last have a bar.
 */
export class TickBars {
  readonly #now: () => number;
  readonly #limit: number;
  /** The client that changed longest ago stands first. */
  readonly #bars = new Map<ClientId, Bar>();

  constructor(
    { now = Date.now, limit = 20_000 }: {
      now?: () => number;
      limit?: number;
    } = {},
  ) {
    this.#now = now;
    this.#limit = limit;
  }

  get size(): number {
    return this.#bars.size;
  }

  /** Takes in a change of a client; see `Registry.onChange`. */
  note(after: Client | null, before: Client | null): void {
    if (after === null) {
      if (before !== null) this.#bars.delete(before.id);
      return;
    }
    const standing = standingOf(after.status);
    const news = newsOf(after, before);
    const stood = before === null ? 0 : standingOf(before.status);
    if (news === 0 && standing === stood) return;
    const minute = minuteOf(this.#now());
    const bar = this.#bars.get(after.id) ??
      { minute, cells: new Uint8Array(MINUTES), standing: 0 as Tick };
    advance(bar, minute);
    const index = minute % MINUTES;
    bar.cells[index] = Math.max(bar.cells[index] ?? 0, news, standing);
    bar.standing = standing;
    this.#bars.delete(after.id);
    this.#bars.set(after.id, bar);
    if (this.#bars.size > this.#limit) {
      const oldest = this.#bars.keys().next();
      if (!oldest.done) this.#bars.delete(oldest.value);
    }
  }

  /** 60 digits, the current minute last; empty when nothing happened. */
  read(id: ClientId): string {
    const bar = this.#bars.get(id);
    if (bar === undefined) return "";
    const minute = minuteOf(this.#now());
    advance(bar, minute);
    let text = "";
    for (let step = 1; step <= MINUTES; step++) {
      text += bar.cells[(minute + step) % MINUTES] ?? 0;
    }
    if (/[^0]/.test(text)) return text;
    this.#bars.delete(id);
    return "";
  }
}

function advance(bar: Bar, minute: number): void {
  const passed = Math.min(minute - bar.minute, MINUTES);
  for (let step = 1; step <= passed; step++) {
    bar.cells[(minute - passed + step) % MINUTES] = bar.standing;
  }
  if (minute > bar.minute) bar.minute = minute;
}

function standingOf(status: Status): Tick {
  switch (status) {
    case "failing":
    case "conflict":
    case "blocked":
      return 4;
    case "lagging":
      return 3;
    default:
      return 0;
  }
}

function newsOf(after: Client, before: Client | null): Tick {
  if (before === null) return 0;
  if (
    after.replicatedTxid !== null &&
    after.replicatedTxid !== before.replicatedTxid
  ) return 2;
  return after.changeSeq !== before.changeSeq ? 1 : 0;
}
