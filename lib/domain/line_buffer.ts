/**
 * Makes lines, without their ends, of bytes that come in pieces. A line longer
 * than `maxLength` characters is cut there, so that a broken child cannot fill
 * our memory.
 */
export class LineBuffer {
  readonly #decoder = new TextDecoder();
  readonly #maxLength: number;
  #rest = "";

  constructor({ maxLength = 1 << 20 }: { maxLength?: number } = {}) {
    this.#maxLength = maxLength;
  }

  /** Takes in a piece; returns the lines that it completes. */
  push(bytes: Uint8Array): string[] {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    const lines = text.split("\n").map((line) =>
      line.slice(0, this.#maxLength)
    );
    this.#rest = lines.pop()!;
    return lines;
  }

  /** The last line, if it has no end; null when nothing is left. */
  end(): string | null {
    return this.#rest === "" ? null : this.#rest;
  }
}
