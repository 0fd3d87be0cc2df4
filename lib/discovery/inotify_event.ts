/** Bits of an inotify event's mask that we ask for or are told; see inotify(7). */
export const IN = {
  MODIFY: 0x0000_0002,
  MOVED_FROM: 0x0000_0040,
  MOVED_TO: 0x0000_0080,
  CREATE: 0x0000_0100,
  DELETE: 0x0000_0200,
  DELETE_SELF: 0x0000_0400,
  MOVE_SELF: 0x0000_0800,
  UNMOUNT: 0x0000_2000,
  Q_OVERFLOW: 0x0000_4000,
  IGNORED: 0x0000_8000,
  ONLYDIR: 0x0100_0000,
  EXCL_UNLINK: 0x0400_0000,
  ISDIR: 0x4000_0000,
} as const;

export interface InotifyEvent {
  /** Which watch; -1 when the queue ran over. */
  readonly watch: number;
  readonly mask: number;
  /** Empty when the watched folder itself is meant; null when it is not UTF-8. */
  readonly name: string | null;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const HEADER = 16;

/** Reads the events that one read from an inotify descriptor gave. */
export function* parseEvents(bytes: Uint8Array): Generator<InotifyEvent> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + HEADER <= bytes.length) {
    // The kernel writes in the machine's own order: little-endian on all that Deno runs on.
    const watch = view.getInt32(at, true);
    const mask = view.getUint32(at + 4, true);
    const length = view.getUint32(at + 12, true);
    at += HEADER;
    yield { watch, mask, name: readName(bytes.subarray(at, at + length)) };
    at += length;
  }
}

function readName(padded: Uint8Array): string | null {
  const end = padded.indexOf(0);
  try {
    return utf8.decode(end === -1 ? padded : padded.subarray(0, end));
  } catch {
    return null;
  }
}
