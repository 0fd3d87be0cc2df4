import type { ClientId } from "../domain/client_id.ts";

/** Which clients changed lately, and in which order, in bounded memory. */
export class ChangeRing {
  readonly #ids: ClientId[] = [];
  readonly #capacity: number;
  #version = 0;

  constructor(capacity = 8_192) {
    this.#capacity = capacity;
  }

  /** Goes up by one with every change. */
  get version(): number {
    return this.#version;
  }

  push(id: ClientId): void {
    this.#ids[this.#version++ % this.#capacity] = id;
  }

  /** The clients that changed after a version; null when that is too long ago. */
  since(version: number): Set<ClientId> | null {
    const oldest = Math.max(0, this.#version - this.#capacity);
    if (!(version >= oldest && version <= this.#version)) return null;
    const changed = new Set<ClientId>();
    for (let at = version; at < this.#version; at++) {
      changed.add(this.#ids[at % this.#capacity]!);
    }
    return changed;
  }
}
