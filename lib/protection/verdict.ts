import type { ClientId } from "../domain/client_id.ts";
import type { Txid } from "../domain/txid.ts";
import type { LogEvent } from "../litestream/log_event.ts";

/**
 * How a registration began, as the daemon's log tells it.
 *
 * - `snapshot`: a full snapshot was written: whatever was missed before, is in it
 * - `continued`: the WAL is the one that the last LTX file was read from
 * - `mismatch`: it went on although the WAL is another: something may be missing
 * - `failed`: Litestream could not begin
 * - `silent`: no verdict came in time
 * - `down`: the daemon ended
 */
export type Verdict =
  | { readonly kind: "snapshot"; readonly txid: Txid }
  /** `txid` is what it writes next, if there is anything to write. */
  | { readonly kind: "continued"; readonly txid: Txid }
  | { readonly kind: "mismatch" | "silent" | "down" }
  | {
    readonly kind: "failed";
    readonly message: string;
    readonly hint: string | null;
  };

interface Case {
  /** Lines up to here belong to an earlier registration. */
  readonly since: number;
  readonly settle: (verdict: Verdict) => void;
  saltMatch: boolean | null;
  snapshot: Txid | null;
}

/** Waits for verdicts: the first lines of the log after a registration. */
export class VerdictDesk {
  readonly #cases = new Map<ClientId, Case>();
  #isClosed = false;

  /** It gives no verdicts any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the lines of a client are needed. */
  awaits(id: ClientId): boolean {
    return this.#cases.has(id);
  }

  /**
   * Begins to wait; call it before `/register`. Everything that the daemon
   * logged until now is passed over: the lines of an earlier registration may
   * still be in the pipe.
   *
   * @param timeoutMs until the verdict is `silent`
   */
  expect(
    id: ClientId,
    { timeoutMs, now = Date.now() }: { timeoutMs: number; now?: number },
  ): Promise<Verdict> {
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    const timer = setTimeout(() => settle({ kind: "silent" }), timeoutMs);
    const settle = (verdict: Verdict) => {
      clearTimeout(timer);
      if (this.#cases.get(id) === entry) this.#cases.delete(id);
      resolve(verdict);
    };
    const entry: Case = { since: now, settle, saltMatch: null, snapshot: null };
    this.#cases.get(id)?.settle({ kind: "silent" });
    this.#cases.set(id, entry);
    return promise;
  }

  /** Ends the waiting for a client whose registration failed. */
  cancel(id: ClientId): void {
    this.#cases.get(id)?.settle({ kind: "silent" });
  }

  /** Takes in a line of the daemon's log. */
  hear(event: LogEvent): void {
    if (!("id" in event)) return;
    const open = this.#cases.get(event.id);
    // The daemon needs up to a second to begin: no line of this registration
    // is of the same millisecond as the call.
    if (open === undefined || event.at <= open.since) return;
    switch (event.kind) {
      case "verify":
        open.saltMatch ??= event.saltMatch;
        break;
      case "sync":
        // "sync" comes before the file is written, "synced" after it.
        if (event.snapshot) open.snapshot = event.txid;
        else {
          // After a snapshot that was begun and never written it proves nothing.
          const begun = open.snapshot !== null;
          open.settle(
            open.saltMatch === true && !begun
              ? { kind: "continued", txid: event.txid }
              : { kind: "mismatch" },
          );
        }
        break;
      case "synced":
        if (open.snapshot !== null) {
          open.settle({ kind: "snapshot", txid: open.snapshot });
        }
        break;
      case "error": {
        const { message, hint } = event;
        open.settle({ kind: "failed", message, hint });
      }
    }
  }

  /** A daemon ended, and with it the registrations of these clients. */
  daemonDown(ids: Iterable<ClientId>): void {
    for (const id of ids) this.#cases.get(id)?.settle({ kind: "down" });
  }

  /** Ends all waiting, for good. */
  close(): void {
    this.#isClosed = true;
    this.daemonDown([...this.#cases.keys()]);
  }
}
