import type { Client } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import type { HistoryEntry, ManagerView } from "../view.ts";
import { type Activity, ActivityRing } from "./activity_ring.ts";
import { ChangeRing } from "./change_ring.ts";
import { type ClientQuery, findClients, type Found } from "./client_query.ts";
import { type ClientRow, rowOf } from "./client_row.ts";
import {
  type EventSource,
  EventStream,
  type View,
  type Watch,
} from "./event_stream.ts";
import { type ClientJson, clientJson } from "./status_json.ts";
import { TickBars } from "./tick_bars.ts";
import { sum, type Totals, totalsOf } from "./totals.ts";

/** Four paints a second. */
const FLUSH_MS = 250;
const SAMPLE_MS = 5_000;
const MAX_STREAMS = 256;
const CACHED_QUERIES = 64;

/**
 * Tells browsers what changes in the registry. It does nothing but count as
 * long as nobody listens.
 */
export class Feed implements EventSource, Disposable {
  readonly run: string;
  readonly manager: ManagerView;
  readonly #now: () => number;
  readonly #changes = new ChangeRing();
  readonly #bars: TickBars;
  readonly #activity: ActivityRing;
  readonly #streams = new Set<EventStream>();
  readonly #subscription: Disposable;
  readonly #sampler: ReturnType<typeof setInterval>;
  #flusher: ReturnType<typeof setInterval> | null = null;
  #sampled = { uploads: 0, bytes: 0, requests: 0, puts: 0, gets: 0 };
  readonly #queries = new Map<string, View>();
  #queriedVersion = -1;

  constructor(
    manager: ManagerView,
    { now = Date.now }: { now?: () => number } = {},
  ) {
    this.manager = manager;
    this.run = manager.startedAt.toString(36);
    this.#now = now;
    this.#bars = new TickBars({ now });
    this.#activity = new ActivityRing({ now });
    // What was wrong before anybody looked is still wrong.
    for (const client of manager.registry.clients()) {
      this.#bars.note(client, null);
    }
    this.#subscription = manager.registry.onChange((after, before) =>
      this.#changed(after, before)
    );
    this.#sampler = setInterval(() => this.#sample(), SAMPLE_MS);
    Deno.unrefTimer(this.#sampler);
  }

  get version(): number {
    return this.#changes.version;
  }

  /** The id of an event that would tell everything up to now. */
  get position(): string {
    return `${this.run}.${this.version}`;
  }

  /** How many readers listen. */
  get readers(): number {
    return this.#streams.size;
  }

  /**
   * Server-sent events for one reader; null when too many listen already.
   *
   * @param since the id of the last event that the reader has, if it has one
   */
  open(watch: Watch, since: string | null): ReadableStream<Uint8Array> | null {
    if (this.#streams.size >= MAX_STREAMS) return null;
    const stream = new EventStream(this, watch, {
      since,
      onClose: () => this.#left(stream),
    });
    this.#streams.add(stream);
    stream.flush(this.#now());
    this.#flusher ??= setInterval(() => this.#flush(), FLUSH_MS);
    return stream.readable;
  }

  get weather(): string {
    const { failing, conflict, blocked, lagging, paused, gone } = this.manager
      .registry.counts.peek();
    const { size } = this.manager.registry;
    return [size, failing, conflict, blocked, lagging, paused, gone].join();
  }

  changedSince(version: number): ReadonlySet<ClientId> | null {
    return this.#changes.since(version);
  }

  rows(ids: Iterable<ClientId>): ClientRow[] {
    const rows: ClientRow[] = [];
    for (const id of ids) {
      const client = this.manager.registry.get(id);
      if (client !== undefined) rows.push(rowOf(client, this.#bars.read(id)));
    }
    return rows;
  }

  client(id: ClientId): ClientJson | null {
    const client = this.manager.registry.get(id);
    if (client === undefined) return null;
    return clientJson(client, this.manager.config.target, this.#now());
  }

  ticks(id: ClientId): string {
    return this.#bars.read(id);
  }

  find(query: ClientQuery): View {
    if (this.#queriedVersion !== this.version) this.#queries.clear();
    this.#queriedVersion = this.version;
    const key = JSON.stringify(query);
    let view = this.#queries.get(key);
    if (view === undefined) {
      const { clients, total } = this.clients(query);
      view = { order: clients.map(({ id }) => id), total };
      if (this.#queries.size < CACHED_QUERIES) this.#queries.set(key, view);
    }
    return view;
  }

  /** The clients that a query asks for. */
  clients(query: ClientQuery): Found<Client> {
    return findClients(this.manager.registry.clients(), query);
  }

  history(id: ClientId): readonly HistoryEntry[] {
    return this.manager.history(id);
  }

  totals(): Totals {
    return totalsOf(this.manager, this.#now());
  }

  activity(): Activity {
    this.#sample();
    return this.#activity.read();
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    clearInterval(this.#sampler);
    for (const stream of [...this.#streams]) stream.close();
  }

  #changed(after: Client | null, before: Client | null): void {
    this.#bars.note(after, before);
    const id = (after ?? before)?.id;
    if (id === undefined) return;
    this.#changes.push(id);
    for (const stream of this.#streams) stream.note(id);
  }

  #flush(): void {
    const now = this.#now();
    for (const stream of [...this.#streams]) stream.flush(now);
  }

  #left(stream: EventStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0 || this.#flusher === null) return;
    clearInterval(this.#flusher);
    this.#flusher = null;
  }

  /** Counts what the manager's totals grew by into the current minute. */
  #sample(): void {
    const { uploads, requests } = this.manager;
    const now = {
      uploads: uploads.files,
      bytes: uploads.bytes,
      requests: sum(requests),
      puts: sum(requests, "put"),
      gets: sum(requests, "get"),
    };
    for (const kind of Object.keys(now) as (keyof typeof now)[]) {
      this.#activity.record(kind, now[kind] - this.#sampled[kind]);
    }
    this.#sampled = now;
  }
}
