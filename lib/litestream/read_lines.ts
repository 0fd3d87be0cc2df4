import { LineBuffer } from "../domain/line_buffer.ts";
import { sleep } from "../domain/sleep.ts";

/**
 * How long the next piece is let grow, in ms. A daemon at work writes a line
 * every 70 µs, and each would wake us for itself: the switching costs both sides
 * more than the line. A pipe holds 64 KiB; who fills it is not kept waiting.
 */
const GATHER_MS = 15;
const PIPE_BYTES = 60 << 10;

/** Hears every line of a child's output, until its end. */
export async function readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLine: (line: string) => void,
): Promise<void> {
  const buffer = new LineBuffer();
  for await (const piece of stream) {
    for (const line of buffer.push(piece)) onLine(line);
    if (piece.length < PIPE_BYTES) await sleep(GATHER_MS);
  }
  const last = buffer.end();
  if (last !== null) onLine(last);
}
