import { fill, fillNow } from "./fill.ts";
import type { Checksum } from "./wal.ts";
import {
  frameSize,
  parseFrame,
  parseWalHeader,
  storedChecksum,
  WAL_HEADER_SIZE,
  type WalFrame,
  type WalHeader,
} from "./wal.ts";

const BATCH_BYTES = 256 << 10;
/** So much is read at once: to wait for it would cost more. */
const AT_ONCE_BYTES = 64 << 10;

/**
 * A WAL that is open for reading, at one moment of its life. Its header and
 * single frames are read at once, for that is much cheaper than to wait; longer
 * stretches let others work meanwhile.
 */
export class WalReader implements Disposable {
  readonly header: WalHeader;
  /** Size of the file when it was opened, in bytes. */
  readonly size: number;
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile, header: WalHeader, size: number) {
    this.#file = file;
    this.header = header;
    this.size = size;
  }

  /** Opens a database's WAL; null when there is none, or it is empty. */
  static open(databasePath: string): WalReader | null {
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(`${databasePath}-wal`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
    try {
      const header = parseWalHeader(readNow(file, 0, WAL_HEADER_SIZE));
      const { size } = file.statSync();
      if (header !== null) return new WalReader(file, header, size);
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
    return null;
  }

  /** Whether the frame that ends at `offset` is of this life of the WAL. */
  hasFrameBefore(offset: number): boolean {
    if (offset === WAL_HEADER_SIZE) return true;
    const start = offset - frameSize(this.header);
    if (start < WAL_HEADER_SIZE) return false;
    const bytes = readNow(this.#file, start, frameSize(this.header));
    if (bytes.byteLength < frameSize(this.header)) return false;
    const view = new DataView(bytes.buffer);
    return view.getUint32(8) === this.header.salt1 &&
      view.getUint32(12) === this.header.salt2;
  }

  /** Whether a transaction was committed in valid frames from `offset` on. */
  async hasCommitAfter(offset: number): Promise<boolean> {
    for await (const frame of this.frames(offset)) {
      if (frame.commit !== 0) return true;
    }
    return false;
  }

  /** The valid frames from `offset` on, which must be a frame's beginning. */
  async *frames(offset = WAL_HEADER_SIZE): AsyncGenerator<WalFrame> {
    const size = frameSize(this.header);
    let before = this.#checksumBefore(offset);
    const most = Math.max(1, Math.floor(BATCH_BYTES / size)) * size;
    for (let at = offset, batch: number;; at += batch) {
      const left = Math.floor((this.size - at) / size) * size;
      // Mostly what follows is an old life's frame, and the first one tells.
      const isFirst = at === offset;
      batch = Math.min(isFirst ? size : most, left);
      if (batch <= 0) return;
      const bytes = isFirst || batch <= AT_ONCE_BYTES
        ? readNow(this.#file, at, batch)
        : await readAt(this.#file, at, batch);
      for (let start = 0; start < batch; start += size) {
        const part = bytes.subarray(start, start + size);
        const frame = parseFrame(part, this.header, before);
        if (frame === null) return;
        before = frame.checksum;
        yield frame;
      }
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #checksumBefore(offset: number): Checksum {
    if (offset === WAL_HEADER_SIZE) return this.header.checksum;
    const start = offset - frameSize(this.header);
    const bytes = readNow(this.#file, start, 24);
    return bytes.byteLength < 24 ? [0, 0] : storedChecksum(bytes);
  }
}

/** Reads up to `length` bytes; fewer at the file's end. */
async function readAt(
  file: Deno.FsFile,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await file.seek(offset, Deno.SeekMode.Start);
  return bytes.subarray(0, await fill(file, bytes));
}

/** {@linkcode readAt} without waiting, for short stretches. */
function readNow(
  file: Deno.FsFile,
  offset: number,
  length: number,
): Uint8Array {
  const bytes = new Uint8Array(length);
  file.seekSync(offset, Deno.SeekMode.Start);
  return bytes.subarray(0, fillNow(file, bytes));
}
