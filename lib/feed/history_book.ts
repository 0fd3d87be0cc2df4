import type { Client } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import type { HistoryEntry } from "../view.ts";

const ENTRIES = 200;
const CLIENTS = 2_000;
/** Changes within this time of the last are told as one, in ms. */
const CHANGE_EVERY_MS = 10_000;

/**
 * What happened lately, by client. Bounded: the last 200 entries of the 2,000
 * clients to which something happened last.
 */
export class HistoryBook {
  readonly #pages = new Map<ClientId, HistoryEntry[]>();

  /** Oldest first. */
  read(id: ClientId): readonly HistoryEntry[] {
    return this.#pages.get(id) ?? [];
  }

  write(id: ClientId, entry: HistoryEntry): void {
    const page = this.#pages.get(id) ?? [];
    // The client written last stands last.
    this.#pages.delete(id);
    this.#pages.set(id, page);
    page.push(entry);
    if (page.length > ENTRIES) page.shift();
    if (this.#pages.size > CLIENTS) {
      const { value } = this.#pages.keys().next();
      if (value !== undefined) this.#pages.delete(value);
    }
  }

  /** Takes in a change of the registry; see `Registry.onChange`. */
  note(after: Client | null, before: Client | null, now: number): void {
    if (after === null) return;
    const { id } = after;
    const tell = (kind: HistoryEntry["kind"], text: string) =>
      this.write(id, { at: now, kind, text });

    if (after.presence !== before?.presence) {
      if (after.presence === "present") tell("found", `Found at ${after.path}`);
      else if (before !== null) tell("lost", "The file is gone");
    }
    if (before === null) return;
    if (after.changeSeq !== before.changeSeq && this.#isNews(id, now)) {
      tell("changed", "Its files changed");
    }
    if (after.activity !== before.activity) {
      if (after.activity === "awake") tell("woken", "Given to Litestream");
      if (after.activity === "asleep" && before.activity === "drowsing") {
        tell("asleep", "Let go by Litestream");
      }
    }
    if (
      after.error !== null &&
      withoutRequest(after.error.message) !==
        withoutRequest(before.error?.message ?? "")
    ) tell("error", after.error.message);
    if (after.blocked !== null && after.blocked !== before.blocked) {
      tell("error", after.blocked);
    }
  }

  #isNews(id: ClientId, now: number): boolean {
    const last = this.read(id).at(-1);
    return last?.kind !== "changed" || now - last.at > CHANGE_EVERY_MS;
  }
}

/** S3 gives each request an id: the same failure again is no news. */
function withoutRequest(message: string): string {
  return message.replace(/RequestID: [^,]*/, "");
}
