import type { ClientId } from "../domain/client_id.ts";
import type { Txid } from "../domain/txid.ts";
import type { WakeReason } from "./plan.ts";

/** What was done about a client, beside what the registry says of it. */
export interface Duty {
  /** Something is being done with it right now. */
  busy: boolean;
  reason: WakeReason;
  /** When it was last registered, in ms since 1970, like all times here. */
  wokenAt: number;
  lookedAt: number;
  /** It is not tried again before. */
  notBefore: number;
  /** Failures in a row. */
  attempts: number;
  /** The failure is the bucket's: worth a try as soon as that answers. */
  waitsForStore: boolean;
  errorSince: number | null;
  /** Litestream's files beside the database are to be made anew. */
  reset: boolean;
  lookQueued: boolean;
  /** The path that the daemon has it under. */
  registeredPath: string | null;
  /** Ends the wait for an upload. */
  uploading: AbortController | null;
  /** See `WakeOptions`. */
  uploadsTo: Txid | null;
}

/** That of a client with which nothing was done. */
export const NO_DUTY: Readonly<Duty> = {
  busy: false,
  reason: "change",
  wokenAt: 0,
  lookedAt: 0,
  notBefore: 0,
  attempts: 0,
  waitsForStore: false,
  errorSince: null,
  reset: false,
  lookQueued: false,
  registeredPath: null,
  uploading: null,
  uploadsTo: null,
};

/** The duties of those clients of which there is anything to remember. */
export class Duties {
  readonly #duties = new Map<ClientId, Duty>();

  /** To be changed; from now on it is remembered. */
  of(id: ClientId): Duty {
    let duty = this.#duties.get(id);
    if (duty === undefined) {
      duty = { ...NO_DUTY };
      this.#duties.set(id, duty);
    }
    return duty;
  }

  /** To be read; undefined when nothing was done with it. */
  peek(id: ClientId): Readonly<Duty> | undefined {
    return this.#duties.get(id);
  }

  forget(id: ClientId): void {
    this.#duties.delete(id);
  }

  /** The clock was set back, by so many ms: nobody waits for the time that was. */
  shift(backMs: number): void {
    for (const duty of this.#duties.values()) {
      duty.notBefore -= backMs;
      duty.lookedAt -= backMs;
      duty.wokenAt -= backMs;
      if (duty.errorSince !== null) duty.errorSince -= backMs;
    }
  }

  /** The bucket took something: whoever waited for it may be tried at once. */
  storeAnswered(): void {
    for (const duty of this.#duties.values()) {
      if (!duty.waitsForStore) continue;
      duty.waitsForStore = false;
      duty.notBefore = 0;
    }
  }
}
