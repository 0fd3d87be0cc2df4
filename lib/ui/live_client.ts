import { batch, type Signal, signal } from "@preact/signals";
import type { ClientCost } from "../costs/report.ts";
import type { ClientJson } from "../feed/status_json.ts";
import type { HistoryEntry } from "../view.ts";
import { LiveClock } from "./live_clock.ts";
import { LiveConnection } from "./live_connection.ts";

/** What a client's page is rendered from, by the server and then in the browser. */
export interface ClientPage {
  readonly client: ClientJson;
  /** The last hour, see `TickBars`. */
  readonly ticks: string;
  /** Oldest first. */
  readonly history: readonly HistoryEntry[];
  readonly replicaUrl: string;
  /** What it asked for and cost in this month when the page was made. */
  readonly cost: ClientCost;
  /** The manager's clock, in ms since 1970. */
  readonly now: number;
  readonly rpoMs: number;
  readonly position: string;
  readonly locale: string;
}

const HISTORY_LENGTH = 200;

/** A client's page as it goes on: signals that the manager's events change. */
export class LiveClient {
  readonly client: Signal<ClientJson>;
  readonly ticks: Signal<string>;
  /** Oldest first. */
  readonly history: Signal<readonly HistoryEntry[]>;
  readonly clock: LiveClock;
  readonly connection: LiveConnection;

  constructor(page: ClientPage) {
    this.client = signal(page.client);
    this.ticks = signal(page.ticks);
    this.history = signal(page.history);
    this.clock = new LiveClock(page.now);
    this.connection = new LiveConnection(["client", "history"], {
      position: page.position,
      onEvent: (event, data) => this.#take(event, data),
    });
  }

  /** Goes on by the manager's events until what it returns is called. */
  run(): () => void {
    const id = encodeURIComponent(this.client.peek().clientId);
    const stopClock = this.clock.run();
    const stopEvents = this.connection.run(`/api/events?client=${id}`);
    return () => {
      stopEvents();
      stopClock();
    };
  }

  #take(event: string, data: unknown): void {
    batch(() => {
      if (event === "client") {
        const { ticks, ...client } = data as ClientJson & { ticks: string };
        this.client.value = client;
        this.ticks.value = ticks;
      } else {
        this.history.value = merged(
          this.history.peek(),
          data as HistoryEntry[],
        );
      }
    });
  }
}

/** A new connection tells everything again: only what is new counts. */
function merged(
  known: readonly HistoryEntry[],
  told: readonly HistoryEntry[],
): readonly HistoryEntry[] {
  const keys = new Set(known.map(keyOf));
  const fresh = told.filter((entry) => !keys.has(keyOf(entry)));
  return fresh.length === 0
    ? known
    : [...known, ...fresh].slice(-HISTORY_LENGTH);
}

function keyOf({ at, kind, text }: HistoryEntry): string {
  return `${at} ${kind} ${text}`;
}
