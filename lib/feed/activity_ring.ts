/**
 * What is counted per minute. Bytes are those of uploaded LTX files; puts and
 * gets are the requests that cost something, see `Prices`.
 */
export type ActivityKind = "uploads" | "requests" | "puts" | "gets" | "bytes";

/** The last hour, one number per minute and kind, oldest first. */
export interface Activity extends Readonly<Record<ActivityKind, number[]>> {
  /** Number of the last minute, counted from 1970. */
  readonly minute: number;
}

const MINUTES = 60;
const KINDS = ["uploads", "requests", "puts", "gets", "bytes"] as const;

/** Counts per minute over the last hour, in a fixed amount of memory. */
export class ActivityRing {
  readonly #now: () => number;
  readonly #cells: Record<ActivityKind, Float64Array>;
  #minute: number;

  constructor({ now = Date.now }: { now?: () => number } = {}) {
    this.#now = now;
    this.#minute = minuteOf(now());
    this.#cells = byKind(() => new Float64Array(MINUTES));
  }

  /** Adds `n` to the current minute. */
  record(kind: ActivityKind, n: number): void {
    this.#advance();
    const cells = this.#cells[kind];
    const index = this.#minute % MINUTES;
    cells[index] = (cells[index] ?? 0) + n;
  }

  /** The last 60 minutes, the current one last. */
  read(): Activity {
    this.#advance();
    const first = this.#minute + 1;
    const inOrder = (kind: ActivityKind) =>
      Array.from(
        { length: MINUTES },
        (_, index) => this.#cells[kind][(first + index) % MINUTES] ?? 0,
      );
    return { minute: this.#minute, ...byKind(inOrder) };
  }

  /** Empties the minutes that passed since the last look. */
  #advance(): void {
    const minute = minuteOf(this.#now());
    const passed = Math.min(minute - this.#minute, MINUTES);
    for (let step = 1; step <= passed; step++) {
      for (const kind of KINDS) {
        this.#cells[kind][(this.#minute + step) % MINUTES] = 0;
      }
    }
    // A clock that was set back keeps counting into the minute it is in.
    if (minute > this.#minute) this.#minute = minute;
  }
}

function byKind<T>(make: (kind: ActivityKind) => T): Record<ActivityKind, T> {
  return Object.fromEntries(
    KINDS.map((kind) => [kind, make(kind)]),
  ) as Record<ActivityKind, T>;
}

/** The number of a time's minute, counted from 1970. */
export function minuteOf(ms: number): number {
  return Math.floor(ms / 60_000);
}
