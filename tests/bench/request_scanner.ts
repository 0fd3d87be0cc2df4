/** What a request line says. */
export interface ScannedRequest {
  readonly method: string;
  /** Path with its query, as sent. */
  readonly url: string;
  /** When Litestream made the file that is sent, in its own words; null for others. */
  readonly madeAt: string | null;
}

type State = "head" | "body" | "chunk size" | "chunk" | "trailer";

const DECODER = new TextDecoder("latin1");
const MAX_HEAD_BYTES = 256 << 10;

/** Finds the requests in the bytes that go to an HTTP/1.1 server over one connection. */
export class RequestScanner {
  #state: State = "head";
  /** The head or line that is not complete yet. */
  #text = "";
  /** Bytes of the body or chunk that are still to come. */
  #left = 0;

  /**
   * Takes the next bytes; returns the requests whose heads end in them.
   *
   * @throws {Error} when this is not HTTP
   */
  push(bytes: Uint8Array): ScannedRequest[] {
    const found: ScannedRequest[] = [];
    for (let at = 0; at < bytes.length;) {
      if (this.#state === "body" || this.#state === "chunk") {
        const skipped = Math.min(this.#left, bytes.length - at);
        at += skipped;
        this.#left -= skipped;
        if (this.#left === 0) {
          this.#state = this.#state === "body" ? "head" : "chunk size";
        }
        continue;
      }
      const end = bytes.indexOf(10, at);
      const to = end < 0 ? bytes.length : end + 1;
      this.#text += DECODER.decode(bytes.subarray(at, to));
      at = to;
      if (this.#text.length > MAX_HEAD_BYTES) {
        throw new Error("Cannot read a request: its head has no end");
      }
      if (end >= 0) this.#line(found);
    }
    return found;
  }

  /** A line has come to its end. */
  #line(found: ScannedRequest[]): void {
    const text = this.#text;
    switch (this.#state) {
      case "head":
        if (text === "\r\n") this.#text = "";
        else if (text.endsWith("\r\n\r\n")) {
          found.push(this.#head(text));
          this.#text = "";
        }
        return;
      case "chunk size": {
        const size = parseInt(text, 16);
        if (Number.isNaN(size)) {
          throw new Error(`Cannot read the size of a chunk: "${text.trim()}"`);
        }
        this.#state = size === 0 ? "trailer" : "chunk";
        // With the line end that follows it.
        this.#left = size + 2;
        this.#text = "";
        return;
      }
      case "trailer":
        if (text === "\r\n") this.#state = "head";
        this.#text = "";
    }
  }

  #head(text: string): ScannedRequest {
    const line = /^([A-Z]+) (\S+) HTTP\/1\.[01]\r\n/.exec(text);
    if (line === null) {
      throw new Error(`Cannot read a request: "${text.split("\r\n")[0]}"`);
    }
    if (/\r\ntransfer-encoding:[^\r]*chunked/i.test(text)) {
      this.#state = "chunk size";
    } else {
      this.#left = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
      if (this.#left > 0) this.#state = "body";
    }
    return { method: line[1]!, url: line[2]!, madeAt: madeAtOf(text) };
  }
}

/** Litestream puts the time of an LTX file's header beside the object. */
function madeAtOf(head: string): string | null {
  return /\r\nx-amz-meta-litestream-timestamp: *([^\r]+)/i.exec(head)?.[1] ??
    null;
}
