/** One server-sent event; `data` is parsed. */
export interface ReadEvent {
  readonly event: string;
  readonly id: string | null;
  // deno-lint-ignore no-explicit-any -- tests know what they asked for
  readonly data: any;
  /** As it came, in bytes. */
  readonly bytes: number;
}

/** Reads server-sent events one by one. */
export class EventReader implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(response: Response) {
    if (response.body === null) throw new Error("There is no body to read");
    this.#reader = response.body
      .pipeThrough(
        new TextDecoderStream() as TransformStream<Uint8Array, string>,
      )
      .getReader();
  }

  /** The next event; null at the end of the stream. */
  async next(): Promise<ReadEvent | null> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end === -1) {
        const { value, done } = await this.#reader.read();
        if (done) return null;
        this.#text += value;
        continue;
      }
      const block = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      const field = (name: string) =>
        block.split("\n").find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2) ?? null;
      const data = field("data");
      if (data === null) continue;
      return {
        event: field("event") ?? "message",
        id: field("id"),
        data: JSON.parse(data),
        bytes: new TextEncoder().encode(block).length + 2,
      };
    }
  }

  /** The next event of that name; others are passed over. */
  async nextOf(name: string): Promise<ReadEvent> {
    for (;;) {
      const event = await this.next();
      if (event === null) throw new Error(`No "${name}" came before the end`);
      if (event.event === name) return event;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel();
  }
}
