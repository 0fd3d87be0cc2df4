/**
 * A process of its own that opens clients' databases with SQLite. The manager's
 * process must not: whoever opens and closes a file by hand drops the POSIX
 * locks that SQLite connections of the same process hold on it, and
 * `Deno.watchFs` does so with every file it has an event of (measured with Deno
 * 2.9.6). A pin would be lost unseen, and a checkpoint that loses its locks
 * could ruin the database. It also keeps SQLite's waits out of the manager.
 *
 * Reads requests and writes answers, a JSON line each; ends with its input, so
 * it never outlives the manager.
 * @module
 */
import { LineSplitter } from "../domain/line_splitter.ts";
import { BusyError, Pin } from "./pin.ts";
import type { PinAnswer, PinRequest } from "./pin_protocol.ts";

/** Answers until the input ends. */
export async function hostPins(): Promise<void> {
  const pins = new Map<number, Pin>();
  const encoder = new TextEncoder();
  const lines = Deno.stdin.readable.pipeThrough(new LineSplitter());
  for await (const line of lines) {
    const answer = answerTo(JSON.parse(line) as PinRequest, pins);
    const bytes = encoder.encode(JSON.stringify(answer) + "\n");
    try {
      for (let sent = 0; sent < bytes.length;) {
        sent += Deno.stdout.writeSync(bytes.subarray(sent));
      }
    } catch (error) {
      // The manager was killed: nobody needs the pins any more.
      if (error instanceof Deno.errors.BrokenPipe) break;
      throw error;
    }
  }
  for (const pin of pins.values()) pin[Symbol.dispose]();
}

function answerTo(request: PinRequest, pins: Map<number, Pin>): PinAnswer {
  const { call } = request;
  try {
    if (request.verb === "release") {
      pins.get(request.pin)?.[Symbol.dispose]();
      pins.delete(request.pin);
      return { call, pin: null };
    }
    const pin = request.verb === "pin"
      ? Pin.open(request.path)
      : Pin.openTruncated(request.path);
    if (pin === null) return { call, pin: null };
    pins.set(call, pin);
    return { call, pin: call };
  } catch (error) {
    const busy = error instanceof BusyError;
    return { call, busy, error: (error as Error).message };
  }
}
