import { type ReadonlySignal, signal } from "@preact/signals";

/** Nothing heard for this long: the connection is dead, whatever it says. */
const SILENCE_MS = 40_000;
const RETRY_MS = 2_000;
const MAX_RETRY_MS = 30_000;

export type Connection = "connecting" | "live" | "lost";

/** Told of each event, by its name, with its data. */
export type EventHandler = (event: string, data: unknown) => void;

/**
 * Server-sent events that mend themselves: after a loss they go on where they
 * stopped. Closed while nobody looks at the page, as a browser keeps only six
 * connections to a host.
 */
export class LiveConnection {
  readonly #events: readonly string[];
  readonly #onEvent: EventHandler;
  readonly #state = signal<Connection>("connecting");
  #source: EventSource | null = null;
  #url: string | null = null;
  #position: string;
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param position the id of the event up to which the page is rendered */
  constructor(
    events: readonly string[],
    { position, onEvent }: { position: string; onEvent: EventHandler },
  ) {
    this.#events = events;
    this.#position = position;
    this.#onEvent = onEvent;
  }

  get state(): ReadonlySignal<Connection> {
    return this.#state;
  }

  /** Listens until what it returns is called. */
  run(url: string): () => void {
    this.#open(url, this.#position);
    const onVisible = () => {
      if (document.hidden) this.#close();
      else if (this.#url !== null) this.#open(this.#url, this.#position);
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      document.removeEventListener("visibilitychange", onVisible);
      this.#close();
      this.#url = null;
    };
  }

  /** Listens to something else from now on, which is told in full. */
  change(url: string): void {
    this.#open(url, null);
  }

  #open(url: string, since: string | null): void {
    this.#close();
    this.#url = url;
    const full = since === null
      ? url
      : `${url}${url.includes("?") ? "&" : "?"}since=${
        encodeURIComponent(since)
      }`;
    const source = this.#source = new EventSource(full);
    this.#expect();
    for (const name of this.#events) {
      source.addEventListener(name, (event) => {
        if (source !== this.#source) return;
        this.#heard(event.lastEventId);
        this.#onEvent(name, JSON.parse(event.data));
      });
    }
    source.addEventListener("beat", (event) => this.#heard(event.lastEventId));
    source.addEventListener("open", () => this.#heard(""));
    source.addEventListener("error", () => {
      if (source === this.#source) this.#lost();
    });
  }

  #heard(position: string): void {
    if (position !== "") this.#position = position;
    this.#attempts = 0;
    this.#state.value = "live";
    this.#expect();
  }

  #expect(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lost(), SILENCE_MS);
  }

  /** Tries again itself: a browser gives up after some answers. */
  #lost(): void {
    this.#close();
    this.#state.value = "lost";
    const wait = Math.min(MAX_RETRY_MS, RETRY_MS * 1.5 ** this.#attempts++);
    this.#timer = setTimeout(() => {
      if (this.#url !== null) this.#open(this.#url, this.#position);
    }, wait * (0.75 + Math.random() / 2));
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }
}
