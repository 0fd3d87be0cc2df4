import { batch, type Signal, signal } from "@preact/signals";
import type { ClientId } from "../domain/client_id.ts";
import { pageHref, pageParams, type PageQuery } from "../domain/page_query.ts";
import type { Prices } from "../domain/prices.ts";
import type { Activity } from "../feed/activity_ring.ts";
import type { ClientRow } from "../feed/client_row.ts";
import type { Totals } from "../feed/totals.ts";
import { LiveClock } from "./live_clock.ts";
import { LiveConnection } from "./live_connection.ts";
import { orderSteps } from "./order_steps.ts";

/** As many new rows are made before the browser may do something else. */
const ROWS_AT_ONCE = 12;
const BETWEEN_STEPS_MS = 20;

/** What the front page is rendered from, by the server and then in the browser. */
export interface FrontPage {
  readonly query: PageQuery;
  readonly rows: readonly ClientRow[];
  /** How many clients match the query, on this page or not. */
  readonly total: number;
  readonly totals: Totals;
  readonly activity: Activity;
  /** The event up to which this is. */
  readonly position: string;
  readonly locale: string;
  /** In ms since 1970. */
  readonly startedAt: number;
  /** Where databases are looked for and where they are backed up, in words. */
  readonly watchDirs: readonly string[];
  readonly bucket: string;
  /** Null where requests cost nothing. */
  readonly prices: Prices | null;
}

/** The front page as it goes on: signals that the manager's events change. */
export class LiveTable {
  readonly query: Signal<PageQuery>;
  /** Ids of the shown clients, in order. */
  readonly order: Signal<readonly ClientId[]>;
  readonly total: Signal<number>;
  readonly totals: Signal<Totals>;
  readonly activity: Signal<Activity>;
  /** True while another page or filter is on its way. */
  readonly loading = signal(false);
  readonly selected = signal<ReadonlySet<ClientId>>(new Set());
  readonly watchDirs: readonly string[];
  readonly clock: LiveClock;
  readonly connection: LiveConnection;
  #revealing: ReturnType<typeof setTimeout> | undefined;
  readonly #rows = new Map<ClientId, Signal<ClientRow>>();

  constructor(page: FrontPage) {
    this.watchDirs = page.watchDirs;
    this.query = signal(page.query);
    this.order = signal(page.rows.map(({ id }) => id));
    this.total = signal(page.total);
    this.totals = signal(page.totals);
    this.activity = signal(page.activity);
    this.clock = new LiveClock(page.totals.now);
    for (const row of page.rows) this.#rows.set(row.id, signal(row));
    this.connection = new LiveConnection(
      ["view", "clients", "totals", "activity"],
      {
        position: page.position,
        onEvent: (event, data) => this.#take(event, data),
      },
    );
  }

  row(id: ClientId): Signal<ClientRow> | undefined {
    return this.#rows.get(id);
  }

  /** Goes on by the manager's events until what it returns is called. */
  run(): () => void {
    const stopClock = this.clock.run();
    const stopEvents = this.connection.run(this.#url());
    return () => {
      clearTimeout(this.#revealing);
      stopEvents();
      stopClock();
    };
  }

  /** Shows other clients, and says so in the address. */
  go(query: PageQuery, { replace = false } = {}): void {
    const href = pageHref(query);
    if (replace) history.replaceState(null, "", href);
    else history.pushState(null, "", href);
    this.show(query);
  }

  /** Shows other clients, for an address that is there already. */
  show(query: PageQuery): void {
    batch(() => {
      this.query.value = query;
      this.loading.value = true;
      this.selected.value = new Set();
    });
    this.connection.change(this.#url());
  }

  /** Selects a client for an action, or no longer. */
  select(id: ClientId, selected: boolean): void {
    const next = new Set(this.selected.peek());
    if (selected) next.add(id);
    else next.delete(id);
    this.selected.value = next;
  }

  selectAll(selected: boolean): void {
    this.selected.value = new Set(selected ? this.order.peek() : []);
  }

  #url(): string {
    const params = pageParams(this.query.peek());
    params.set("view", "1");
    return `/api/events?${params}`;
  }

  #take(event: string, data: unknown): void {
    batch(() => {
      switch (event) {
        case "view":
          return this.#takeView(data as ViewEvent);
        case "clients":
          return this.#takeRows(data as ClientRow[]);
        case "totals":
          this.totals.value = data as Totals;
          return this.clock.set(this.totals.value.now);
        case "activity":
          this.activity.value = data as Activity;
      }
    });
  }

  #takeView({ order, total, rows }: ViewEvent): void {
    this.#takeRows(rows);
    this.total.value = total;
    this.loading.value = false;
    clearTimeout(this.#revealing);
    const known = order.filter((id) => this.#rows.has(id));
    this.#reveal(orderSteps(this.order.peek(), known, ROWS_AT_ONCE));
  }

  /** A page of new rows in one go would keep the browser from all else. */
  #reveal(steps: Iterator<readonly ClientId[], void>): void {
    const { value, done } = steps.next();
    if (done) return this.#forgetOthers();
    this.order.value = value;
    this.#revealing = setTimeout(
      () => batch(() => this.#reveal(steps)),
      BETWEEN_STEPS_MS,
    );
  }

  #forgetOthers(): void {
    const shown = new Set(this.order.peek());
    for (const id of this.#rows.keys()) {
      if (!shown.has(id)) this.#rows.delete(id);
    }
    // What is not shown any more must not be acted upon.
    const selected = this.selected.peek();
    if ([...selected].some((id) => !shown.has(id))) {
      this.selected.value = new Set(
        [...selected].filter((id) => shown.has(id)),
      );
    }
  }

  #takeRows(rows: readonly ClientRow[]): void {
    for (const row of rows) {
      const known = this.#rows.get(row.id);
      if (known === undefined) this.#rows.set(row.id, signal(row));
      else known.value = row;
    }
  }
}

interface ViewEvent {
  readonly order: ClientId[];
  readonly total: number;
  readonly rows: ClientRow[];
}
