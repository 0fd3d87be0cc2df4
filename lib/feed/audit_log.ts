import type { ClientId } from "../domain/client_id.ts";

/** Something that a person or a script did through the page or the API. */
export interface AuditEntry {
  /** In ms since 1970. */
  readonly at: number;
  readonly action: "pause" | "resume";
  /** The clients that it changed; only the first few when there are many. */
  readonly ids: readonly ClientId[];
  /** How many clients it changed. */
  readonly count: number;
  /** The address it came from. */
  readonly from: string;
}

const ENTRIES = 500;
const IDS = 20;

/** The last actions since the manager started, newest first. */
export class AuditLog {
  readonly #now: () => number;
  #entries: AuditEntry[] = [];

  constructor({ now = Date.now }: { now?: () => number } = {}) {
    this.#now = now;
  }

  get entries(): readonly AuditEntry[] {
    return this.#entries;
  }

  /** Notes an action; one that changed nothing is left out. */
  note(
    action: AuditEntry["action"],
    ids: readonly ClientId[],
    from: string,
  ): void {
    if (ids.length === 0) return;
    const entry: AuditEntry = {
      at: this.#now(),
      action,
      ids: ids.slice(0, IDS),
      count: ids.length,
      from,
    };
    this.#entries = [entry, ...this.#entries].slice(0, ENTRIES);
  }
}
