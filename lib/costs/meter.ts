import { getLogger } from "@logtape/logtape";
import type { ClientId } from "../domain/client_id.ts";
import {
  type CostRow,
  monthBounds,
  monthOf,
  type MonthTotals,
  type StoredTotals,
} from "../domain/cost_row.ts";
import {
  heldBytes,
  type HeldFile,
  type Holding,
  UNKNOWN_HOLDING,
  withDeletion,
  withListing,
  withUpload,
} from "../domain/holding.ts";
import type { Prices } from "../domain/prices.ts";
import type { Txid } from "../domain/txid.ts";
import { addRequest, addUpload, noUsage, type Usage } from "../domain/usage.ts";

const log = getLogger(["litestream-manager", "costs"]);

/** Keeps what the meter counts; see `CostTable`. */
export interface CostBook {
  read(id: ClientId): CostRow | null;
  /** Writes all of it or nothing. */
  write(rows: Iterable<CostRow>, months: Iterable<MonthTotals>): void;
  /** Oldest first. */
  months(): MonthTotals[];
  /** The clients that cost most in a month: its usage, and what they have stored. */
  dearest(
    month: string,
    options: { prices: Prices; limit: number },
  ): CostRow[];
  stored(): StoredTotals;
}

/** A file of a replica, by its level and the transaction it ends at. */
export interface MeteredFile {
  readonly level: number;
  readonly txid: Txid;
}

/** What the meter needs of a listing; see `ReplicaContents`. */
export interface Listed {
  /** When the listing began, in ms since 1970. */
  readonly at: number;
  readonly sizeBytes: number;
  readonly files: readonly HeldFile[];
  readonly truncated: boolean;
}

/** How long counts wait to be written with others, in ms; a kill loses them. */
const BATCH_MS = 10_000;
/** How often the time that was counted is written when nothing else is, in ms. */
const TIME_MS = 3600_000;

interface OpenRow {
  readonly id: ClientId;
  month: string;
  usage: Usage;
  holding: Holding;
}

/**
 * Counts requests, uploads and what is stored, per client and in all. Only
 * clients that did something in the last seconds are in memory, all others in
 * the book.
 */
export class Meter implements Disposable {
  /** All clients' since the meter was made. */
  readonly sinceStart: Usage = noUsage();
  readonly #book: CostBook;
  readonly #now: () => number;
  readonly #open = new Map<ClientId, OpenRow>();
  /** Months that ended and are not written yet. */
  #ended: MonthTotals[] = [];
  #month: string;
  #monthEnd: number;
  #usage: Usage;
  #grown: number;
  #countedMs: number;
  /** Up to when `#countedMs` goes. */
  #countedTo: number;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #clock: ReturnType<typeof setInterval> | null = null;

  constructor(book: CostBook, { now = Date.now }: { now?: () => number } = {}) {
    this.#book = book;
    this.#now = now;
    const at = now();
    this.#month = monthOf(at);
    this.#monthEnd = monthBounds(this.#month).end;
    const known = book.months().find(({ month }) => month === this.#month);
    this.#usage = { ...known?.usage ?? noUsage() };
    this.#grown = known?.grown ?? 0;
    this.#countedMs = known?.countedMs ?? 0;
    this.#countedTo = at;
  }

  /** Keeps the time that is counted from now on, also when nothing happens. */
  start(): void {
    this.#clock ??= setInterval(() => this.#flushOrRetry(), TIME_MS);
    Deno.unrefTimer(this.#clock);
  }

  /** A request was sent; `LIST` stands for a GET that lists, null for no client. */
  request(method: string, id: ClientId | null): void {
    this.#turn();
    addRequest(this.sinceStart, method);
    addRequest(this.#usage, method);
    if (id !== null) addRequest(this.#row(id).usage, method);
    this.#schedule();
  }

  /** A file was uploaded; null for a size that Litestream does not tell. */
  uploaded(
    id: ClientId,
    { bytes, ...file }: MeteredFile & { readonly bytes: number | null },
  ): void {
    this.#turn();
    const row = this.#row(id);
    for (const usage of [this.sinceStart, this.#usage, row.usage]) {
      addUpload(usage, bytes);
    }
    const at = this.#now();
    this.#hold(row, withUpload(row.holding, { ...file, bytes, at }));
  }

  /** A file is deleted from the replica. */
  deleted(id: ClientId, file: MeteredFile): void {
    this.#turn();
    const row = this.#row(id);
    const at = this.#now();
    this.#hold(row, withDeletion(row.holding, { ...file, at }));
  }

  /** The bucket told what it has of a client. */
  listed(id: ClientId, listing: Listed): void {
    this.#turn();
    const row = this.#row(id);
    row.holding = withListing(row.holding, listing);
    this.#schedule();
  }

  /** What is counted of a client in this month; null when nothing ever was. */
  client(id: ClientId): CostRow | null {
    this.#turn();
    const row = this.#open.get(id) ?? this.#book.read(id);
    if (row === null) return null;
    return row.month === this.#month
      ? row
      : { ...row, month: this.#month, usage: noUsage() };
  }

  /** All clients' in this month, up to now. */
  month(): MonthTotals {
    this.#turn();
    this.#count(this.#now());
    return this.#totals();
  }

  /** Months before this one, newest first. */
  earlierMonths(): MonthTotals[] {
    const { month } = this.month();
    return this.#book.months().filter((one) => one.month < month).reverse();
  }

  /** The clients that cost most in this month. */
  dearest(options: { prices: Prices; limit: number }): CostRow[] {
    this.#flushOrRetry();
    return this.#book.dearest(this.#month, options)
      .map((row) =>
        row.month === this.#month
          ? row
          : { ...row, month: this.#month, usage: noUsage() }
      );
  }

  /** What all clients have stored, as far as known. */
  stored(): StoredTotals {
    this.#flushOrRetry();
    return this.#book.stored();
  }

  /** Writes what waits. Throws when the book cannot be written: it waits on. */
  flush(): void {
    this.#turn();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#count(this.#now());
    this.#book.write(this.#open.values(), [...this.#ended, this.#totals()]);
    this.#open.clear();
    this.#ended = [];
  }

  [Symbol.dispose](): void {
    if (this.#clock !== null) clearInterval(this.#clock);
    try {
      this.flush();
    } catch (error) {
      log.error("Cannot keep the last counts: {error}", { error });
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** A client's row, taken from the book when it does something. */
  #row(id: ClientId): OpenRow {
    let row = this.#open.get(id);
    if (row === undefined) {
      const kept = this.#book.read(id);
      row = {
        id,
        month: kept?.month ?? this.#month,
        usage: kept === null ? noUsage() : { ...kept.usage },
        holding: kept?.holding ?? UNKNOWN_HOLDING,
      };
      this.#open.set(id, row);
    }
    if (row.month !== this.#month) {
      row.month = this.#month;
      row.usage = noUsage();
    }
    return row;
  }

  #hold(row: OpenRow, holding: Holding): void {
    // Where only a part is known, so would be what it grows by.
    if (holding.base !== null) {
      this.#grown += heldBytes(holding) - heldBytes(row.holding);
    }
    row.holding = holding;
    this.#schedule();
  }

  #totals(): MonthTotals {
    return {
      month: this.#month,
      usage: { ...this.#usage },
      grown: this.#grown,
      countedMs: this.#countedMs,
    };
  }

  /** A clock that is set back counts no time until it is past again. */
  #count(now: number): void {
    this.#countedMs += Math.max(0, now - this.#countedTo);
    this.#countedTo = Math.max(now, this.#countedTo);
  }

  /** Begins the next month when it is time. */
  #turn(): void {
    const now = this.#now();
    if (now < this.#monthEnd) return;
    this.#count(this.#monthEnd);
    this.#ended.push(this.#totals());
    this.#month = monthOf(now);
    const { start, end } = monthBounds(this.#month);
    this.#monthEnd = end;
    this.#usage = noUsage();
    this.#grown = 0;
    this.#countedMs = 0;
    this.#countedTo = Math.max(start, this.#countedTo);
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#flushOrRetry(), BATCH_MS);
  }

  /** A full disk must not end the program, nor hide what is known. */
  #flushOrRetry(): void {
    try {
      this.flush();
    } catch (error) {
      log.error("Cannot keep the counts: {error}", { error });
      this.#schedule();
    }
  }
}
