/**
 * Splits a stream of bytes into lines, without their ends. A line longer than
 * `maxLength` characters is cut there, so that a broken child cannot fill our
 * memory.
 */
export class LineSplitter extends TransformStream<Uint8Array, string> {
  constructor({ maxLength = 1 << 20 }: { maxLength?: number } = {}) {
    const decoder = new TextDecoder();
    let rest = "";
    super({
      transform(chunk, controller) {
        const lines = (rest + decoder.decode(chunk, { stream: true }))
          .split("\n");
        rest = lines.pop()!.slice(0, maxLength);
        for (const line of lines) {
          controller.enqueue(line.slice(0, maxLength));
        }
      },
      flush(controller) {
        if (rest !== "") controller.enqueue(rest);
      },
    });
  }
}
