import { LineBuffer } from "./line_buffer.ts";

/** Splits a stream of bytes into lines; see {@linkcode LineBuffer}. */
export class LineSplitter extends TransformStream<Uint8Array, string> {
  constructor(options: { maxLength?: number } = {}) {
    const buffer = new LineBuffer(options);
    super({
      transform(chunk, controller) {
        for (const line of buffer.push(chunk)) controller.enqueue(line);
      },
      flush(controller) {
        const last = buffer.end();
        if (last !== null) controller.enqueue(last);
      },
    });
  }
}
