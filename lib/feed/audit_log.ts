import type { Action, AuditEntry } from "../domain/action.ts";
import type { ClientId } from "../domain/client_id.ts";

/** As many entries are kept. */
export const AUDIT_ENTRIES = 1_000;
const IDS = 20;

export interface AuditLogOptions {
  /** What was noted before the manager started, newest first. */
  readonly known?: readonly AuditEntry[];
  /** Keeps an entry over a restart. */
  readonly keep?: (entry: AuditEntry) => void;
  readonly now?: () => number;
}

/** Who did what: the last actions, newest first. */
export class AuditLog {
  readonly #keep: (entry: AuditEntry) => void;
  readonly #now: () => number;
  #entries: readonly AuditEntry[];

  constructor(
    { known = [], keep = () => {}, now = Date.now }: AuditLogOptions = {},
  ) {
    this.#entries = known.slice(0, AUDIT_ENTRIES);
    this.#keep = keep;
    this.#now = now;
  }

  get entries(): readonly AuditEntry[] {
    return this.#entries;
  }

  /** Notes an action; one that concerned no client is left out. */
  note(action: Action, ids: readonly ClientId[], from: string): void {
    if (ids.length === 0) return;
    const entry: AuditEntry = {
      at: this.#now(),
      action,
      ids: ids.slice(0, IDS),
      count: ids.length,
      from,
    };
    this.#entries = [entry, ...this.#entries].slice(0, AUDIT_ENTRIES);
    this.#keep(entry);
  }
}
