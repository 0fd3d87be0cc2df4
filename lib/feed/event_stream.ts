import type { ClientId } from "../domain/client_id.ts";
import type { HistoryEntry } from "../view.ts";
import type { Activity } from "./activity_ring.ts";
import type { ClientQuery } from "./client_query.ts";
import type { ClientRow } from "./client_row.ts";
import type { ClientJson } from "./status_json.ts";
import type { Totals } from "./totals.ts";

/** What a reader wants to hear of. */
export type Watch =
  /** A page of the table: its rows, who is on it, and the totals. */
  | { readonly kind: "view"; readonly query: ClientQuery }
  /** One client and what happens to it. */
  | { readonly kind: "client"; readonly id: ClientId }
  /** Every change of these clients; null is all of them. */
  | { readonly kind: "changes"; readonly ids: ReadonlySet<ClientId> | null };

/** Where an {@linkcode EventStream} takes what it tells. */
export interface EventSource {
  /** Goes up with every change of a client. */
  readonly version: number;
  /** Names this run of the manager, so that versions of another are not mistaken. */
  readonly run: string;
  /** Differs when clients got into trouble or out of it, came or went. */
  readonly weather: string;
  /** The clients that changed after a version; null when that is not known. */
  changedSince(version: number): ReadonlySet<ClientId> | null;
  rows(ids: Iterable<ClientId>): ClientRow[];
  client(id: ClientId): ClientJson | null;
  /** The last 60 minutes of a client, see `TickBars`. */
  ticks(id: ClientId): string;
  find(query: ClientQuery): View;
  history(id: ClientId): readonly HistoryEntry[];
  totals(): Totals;
  activity(): Activity;
}

/** Which clients a page of the table shows, in order. */
export interface View {
  readonly order: readonly ClientId[];
  readonly total: number;
}

const BEAT_MS = 15_000;
const TOTALS_MS = 1_000;
const ACTIVITY_MS = 5_000;
const HISTORY_MS = 1_000;
/** How often who is on the page is looked up again, if it matters. */
const QUERY_MS = 1_000;
/** And if only clients come and go that are well: a page must be readable. */
const CALM_QUERY_MS = 5_000;
/** So that looking it up takes at most a twentieth of the time. */
const QUERY_SHARE = 20;
/** What waits for a slow reader, in bytes; more is kept back, not queued. */
const BUFFER_BYTES = 256 * 1024;
const STALL_MS = 30_000;
const WAITING_CLIENTS = 10_000;
const CLIENTS_AT_ONCE = 200;

/**
 * What one reader is told, as server-sent events. Whatever changes twice
 * between two flushes is told once, so a slow reader costs bounded memory; one
 * that reads nothing for 30 s is dropped.
 */
export class EventStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #source: EventSource;
  readonly #watch: Watch;
  readonly #onClose: () => void;
  readonly #encoder = new TextEncoder();
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #closed = false;
  readonly #dirty = new Set<ClientId>();
  #overflowed = false;
  #shown: ReadonlySet<ClientId> = new Set();
  #order: readonly ClientId[] | null = null;
  #total = -1;
  #queriedVersion = -1;
  #nextQuery = 0;
  #nextCalmQuery = 0;
  #weather = "";
  #nextTotals = 0;
  #totalsSent = "";
  #nextActivity = 0;
  #activitySent = "";
  #nextHistory = 0;
  #lastEntry: HistoryEntry | null = null;
  #nextBeat = 0;
  #stalledSince: number | null = null;

  /**
   * @param since the id of the last event that the reader has, if it has one
   */
  constructor(
    source: EventSource,
    watch: Watch,
    { since, onClose }: { since: string | null; onClose: () => void },
  ) {
    this.#source = source;
    this.#watch = watch;
    this.#onClose = onClose;
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => this.#end(),
    }, new ByteLengthQueuingStrategy({ highWaterMark: BUFFER_BYTES }));
    this.#write("retry: 2000\n\n");
    this.#resume(since);
  }

  /** Takes in that a client changed. */
  note(id: ClientId): void {
    const watch = this.#watch;
    const concerned = watch.kind === "view"
      ? this.#shown.has(id)
      : watch.kind === "client"
      ? watch.id === id
      : watch.ids === null || watch.ids.has(id);
    if (!concerned || this.#overflowed) return;
    if (this.#dirty.size < WAITING_CLIENTS) this.#dirty.add(id);
    else this.#overflowed = true;
  }

  /** Sends what there is to tell, if the reader keeps up; `now` in ms. */
  flush(now: number): void {
    if (this.#closed) return;
    if ((this.#controller.desiredSize ?? 0) <= 0) {
      this.#stalledSince ??= now;
      if (now - this.#stalledSince > STALL_MS) this.close();
      return;
    }
    this.#stalledSince = null;
    switch (this.#watch.kind) {
      case "view":
        this.#flushView(this.#watch.query, now);
        break;
      case "client":
        this.#flushClient(this.#watch.id, now);
        break;
      case "changes":
        this.#flushChanges();
    }
    if (now >= this.#nextBeat) this.#send("beat", { now }, now);
  }

  /** Ends the stream; the browser connects again. */
  close(): void {
    if (this.#closed) return;
    this.#end();
    this.#controller.close();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dirty.clear();
    this.#onClose();
  }

  #resume(since: string | null): void {
    const { run, version } = this.#source;
    const [sinceRun, sinceVersion] = since?.split(".") ?? [];
    const changed = sinceRun === run
      ? this.#source.changedSince(Number(sinceVersion))
      : null;
    if (this.#watch.kind === "view") {
      // The reader has these rows as they are: no need to send them again.
      if (changed?.size === 0) this.#show(this.#source.find(this.#watch.query));
      return;
    }
    if (this.#watch.kind === "client") return void this.note(this.#watch.id);
    if (changed === null) {
      const reason = since === null
        ? "Changes from here on"
        : `Changes since ${since} are not known any more: read all clients again`;
      this.#send("reset", { version, reason }, 0);
    } else {
      for (const id of changed) this.note(id);
    }
  }

  #flushView(query: ClientQuery, now: number): void {
    const source = this.#source;
    if (this.#mayQuery(query, now)) {
      const started = performance.now();
      this.#queriedVersion = source.version;
      const { order, total } = source.find(query);
      const took = performance.now() - started;
      this.#nextQuery = now + Math.max(QUERY_MS, took * QUERY_SHARE);
      this.#nextCalmQuery = now + CALM_QUERY_MS;
      this.#weather = source.weather;
      if (total !== this.#total || !sameOrder(order, this.#order)) {
        const known = this.#order === null ? new Set() : this.#shown;
        const fresh = order.filter((id) => !known.has(id));
        const rows = source.rows(fresh);
        for (const id of fresh) this.#dirty.delete(id);
        this.#show({ order, total });
        this.#send("view", { order, total, rows }, now);
      }
    }
    if (this.#dirty.size > 0) {
      const rows = source.rows(this.#dirty);
      this.#dirty.clear();
      if (rows.length > 0) this.#send("clients", rows, now);
    }
    this.#flushTotals(now);
    if (now >= this.#nextActivity) {
      this.#nextActivity = now + ACTIVITY_MS;
      const activity = source.activity();
      const text = JSON.stringify(activity);
      if (text !== this.#activitySent) this.#send("activity", activity, now);
      this.#activitySent = text;
    }
  }

  #mayQuery({ filter }: ClientQuery, now: number): boolean {
    const { version, weather } = this.#source;
    if (version === this.#queriedVersion || now < this.#nextQuery) return false;
    return filter !== null || weather !== this.#weather ||
      now >= this.#nextCalmQuery;
  }

  #show({ order, total }: View): void {
    this.#order = order;
    this.#total = total;
    this.#shown = new Set(order);
  }

  #flushTotals(now: number): void {
    if (now < this.#nextTotals) return;
    this.#nextTotals = now + TOTALS_MS;
    const totals = this.#source.totals();
    const text = JSON.stringify({ ...totals, now: 0 });
    if (text !== this.#totalsSent) this.#send("totals", totals, now);
    this.#totalsSent = text;
  }

  #flushClient(id: ClientId, now: number): void {
    const changed = this.#dirty.delete(id);
    const client = changed ? this.#source.client(id) : null;
    if (client !== null) {
      this.#send("client", { ...client, ticks: this.#source.ticks(id) }, now);
    }
    if (!changed && now < this.#nextHistory) return;
    this.#nextHistory = now + HISTORY_MS;
    const entries = this.#source.history(id);
    const last = this.#lastEntry;
    const seen = last === null
      ? -1
      : entries.findLastIndex((entry) => sameEntry(entry, last));
    const fresh = entries.slice(seen + 1);
    if (fresh.length === 0) return;
    this.#lastEntry = fresh.at(-1) ?? null;
    this.#send("history", fresh, now);
  }

  #flushChanges(): void {
    if (this.#overflowed) {
      this.#overflowed = false;
      this.#dirty.clear();
      const { version } = this.#source;
      const reason = "Too many changes waited: read all clients again";
      return this.#send("reset", { version, reason }, 0);
    }
    let left = CLIENTS_AT_ONCE;
    for (const id of this.#dirty) {
      if (left-- === 0) return;
      this.#dirty.delete(id);
      // An id stands only in the last one: whoever resumes misses nothing.
      const complete = this.#dirty.size === 0;
      const client = this.#source.client(id) ?? { clientId: id, gone: true };
      this.#send("client", client, 0, complete);
    }
  }

  #send(event: string, data: unknown, now: number, complete = true): void {
    if (now > 0) this.#nextBeat = now + BEAT_MS;
    const { run, version } = this.#source;
    const id = complete ? `id: ${run}.${version}\n` : "";
    this.#write(`${id}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #write(text: string): void {
    this.#controller.enqueue(this.#encoder.encode(text));
  }
}

function sameOrder(
  a: readonly ClientId[],
  b: readonly ClientId[] | null,
): boolean {
  return b !== null && a.length === b.length &&
    a.every((id, index) => id === b[index]);
}

function sameEntry(a: HistoryEntry, b: HistoryEntry): boolean {
  return a === b || a.at === b.at && a.kind === b.kind && a.text === b.text;
}
