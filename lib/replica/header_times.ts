import { parseLtxHeader } from "../domain/ltx_header.ts";
import type { LtxFile } from "./stored_object.ts";

export interface HeaderTimesOptions {
  /** The first 100 bytes of a file; null when it is gone. */
  readonly readHead: (
    key: string,
    signal: AbortSignal,
  ) => Promise<Uint8Array | null>;
  /** Most headers to read at one look. */
  readonly maxReads: number;
  /** @default 8 */
  readonly concurrency?: number;
  /** Most times to keep. @default 20_000 */
  readonly maxKept?: number;
}

/**
 * When LTX files were written, as their headers say. Files never change, so what
 * was read once is kept: a client with more files than one look may read is known
 * whole after a few looks.
 */
export class HeaderTimes {
  readonly #options: Required<HeaderTimesOptions>;
  readonly #kept = new Map<string, number>();

  constructor(options: HeaderTimesOptions) {
    this.#options = { concurrency: 8, maxKept: 20_000, ...options };
  }

  /**
   * Looks up times, in ms since 1970, the first files first. A file that is not in
   * the answer was over the bound; null is one that is gone or no LTX file.
   *
   * @param folder makes keys of different clients different
   */
  async of(
    folder: string,
    files: readonly LtxFile[],
    { signal }: { signal: AbortSignal },
  ): Promise<Map<LtxFile, number | null>> {
    const times = new Map<LtxFile, number | null>();
    const unread: LtxFile[] = [];
    for (const file of files) {
      const name = nameOf(folder, file);
      const known = this.#kept.get(name);
      if (known !== undefined) {
        // Again at the end: the least used are the first to go.
        this.#kept.delete(name);
        this.#kept.set(name, known);
        times.set(file, known);
      } else if (unread.length < this.#options.maxReads) unread.push(file);
    }
    const queue = unread.values();
    // One failure ends the other workers too.
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const work = async () => {
      for (const file of queue) {
        either.throwIfAborted();
        const time = await this.#read(`${folder}/${file.object.key}`, either);
        times.set(file, time);
        if (time !== null) this.#keep(nameOf(folder, file), time);
      }
    };
    const workers = Array.from(
      { length: Math.min(this.#options.concurrency, unread.length) },
      () =>
        work().catch((error) => {
          failed.abort(error);
          throw error;
        }),
    );
    await Promise.allSettled(workers);
    signal.throwIfAborted();
    failed.signal.throwIfAborted();
    return times;
  }

  async #read(key: string, signal: AbortSignal): Promise<number | null> {
    const head = await this.#options.readHead(key, signal);
    if (head === null) return null;
    try {
      return parseLtxHeader(head).timestampMs;
    } catch {
      // Not an LTX file, whatever its name: no restore can use it.
      return null;
    }
  }

  #keep(name: string, time: number): void {
    this.#kept.set(name, time);
    if (this.#kept.size <= this.#options.maxKept) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      break;
    }
  }
}

function nameOf(folder: string, { object }: LtxFile): string {
  return `${folder}/${object.key} ${object.tag}`;
}
