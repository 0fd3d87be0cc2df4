/**
 * SQLite's write-ahead log, read from outside. Format:
 * https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 */

/** Length of the header that begins a WAL, in bytes. */
export const WAL_HEADER_SIZE = 32;
const FRAME_HEADER_SIZE = 24;
/** Set in the magic when checksums take the words as big-endian. */
const MAGIC = 0x377f0682;

export interface WalHeader {
  readonly pageSize: number;
  readonly salt1: number;
  readonly salt2: number;
  readonly bigEndian: boolean;
  /** The checksum that the first frame's goes on from. */
  readonly checksum: Checksum;
}

export type Checksum = readonly [number, number];

/** Reads a WAL's header; null when the bytes are too few or no WAL's. */
export function parseWalHeader(bytes: Uint8Array): WalHeader | null {
  if (bytes.byteLength < WAL_HEADER_SIZE) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, WAL_HEADER_SIZE);
  const magic = view.getUint32(0);
  if ((magic & ~1) >>> 0 !== MAGIC) return null;
  return {
    pageSize: view.getUint32(8),
    salt1: view.getUint32(16),
    salt2: view.getUint32(20),
    bigEndian: (magic & 1) === 1,
    checksum: [view.getUint32(24), view.getUint32(28)],
  };
}

/** Bytes of one frame: its header and a page. */
export function frameSize({ pageSize }: WalHeader): number {
  return FRAME_HEADER_SIZE + pageSize;
}

export interface WalFrame {
  readonly pageNumber: number;
  /** Size of the database after the transaction, in pages; 0 inside of one. */
  readonly commit: number;
  readonly page: Uint8Array;
  readonly checksum: Checksum;
}

/**
 * Reads a frame; null when it is cut off, or is no valid continuation of the
 * chain of checksums: then the WAL ends before it.
 *
 * @param before the checksum of the frame before it, or of the header
 */
export function parseFrame(
  bytes: Uint8Array,
  header: WalHeader,
  before: Checksum,
): WalFrame | null {
  if (bytes.byteLength < frameSize(header)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, frameSize(header));
  if (
    view.getUint32(8) !== header.salt1 || view.getUint32(12) !== header.salt2
  ) return null;
  const little = !header.bigEndian;
  const start = sum(view, 0, 8, little, before);
  const end = FRAME_HEADER_SIZE + header.pageSize;
  const checksum = sum(view, FRAME_HEADER_SIZE, end, little, start);
  const [first, second] = checksum;
  if (view.getUint32(16) !== first || view.getUint32(20) !== second) {
    return null;
  }
  return {
    pageNumber: view.getUint32(0),
    commit: view.getUint32(4),
    page: bytes.subarray(FRAME_HEADER_SIZE, end),
    checksum,
  };
}

/** The checksum that a frame's header holds, not verified. */
export function storedChecksum(frameHeader: Uint8Array): Checksum {
  const view = new DataView(
    frameHeader.buffer,
    frameHeader.byteOffset,
    FRAME_HEADER_SIZE,
  );
  return [view.getUint32(16), view.getUint32(20)];
}

/** SQLite's running checksum over words of 32 bits. */
function sum(
  view: DataView,
  from: number,
  to: number,
  little: boolean,
  [first, second]: Checksum,
): Checksum {
  let a = first;
  let b = second;
  for (let at = from; at < to; at += 8) {
    a = (a + view.getUint32(at, little) + b) | 0;
    b = (b + view.getUint32(at + 4, little) + a) | 0;
  }
  return [a >>> 0, b >>> 0];
}
