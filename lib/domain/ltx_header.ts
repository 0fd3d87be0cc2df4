import { type Txid, txidOf } from "./txid.ts";

/** Length of the header that begins every LTX file, in bytes. */
export const LTX_HEADER_SIZE = 100;

/** What an LTX file says of itself in its first 100 bytes. */
export interface LtxHeader {
  /** Page size of the database, in bytes. */
  readonly pageSize: number;
  /** Size of the database after the file is applied, in pages. */
  readonly commit: number;
  readonly minTxid: Txid;
  readonly maxTxid: Txid;
  /** When the file was written, in ms since 1970. */
  readonly timestampMs: number;
  /** Where in the WAL the file's frames begin, in bytes; 0 when they came from elsewhere. */
  readonly walOffset: number;
  /** How much of the WAL the file covers, in bytes. */
  readonly walSize: number;
  /** Salts of the WAL that the frames were read from, as its header holds them. */
  readonly salt1: number;
  readonly salt2: number;
}

const MAGIC = 0x4c545831; // "LTX1"

/**
 * Reads the header of an LTX file (big-endian) from its first 100 bytes or
 * more. Throws when they are too few, or when the magic is not an LTX file's.
 */
export function parseLtxHeader(bytes: Uint8Array): LtxHeader {
  if (bytes.byteLength < LTX_HEADER_SIZE) {
    throw new Error(
      `Cannot read LTX header: ${bytes.byteLength} bytes, expected at least ${LTX_HEADER_SIZE}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, LTX_HEADER_SIZE);
  const magic = view.getUint32(0);
  if (magic !== MAGIC) {
    throw new Error(
      `Cannot read LTX header: magic "0x${
        magic.toString(16).padStart(8, "0")
      }", expected "LTX1"`,
    );
  }
  return {
    pageSize: view.getUint32(8),
    commit: view.getUint32(12),
    minTxid: txidOf(view.getBigUint64(16)),
    maxTxid: txidOf(view.getBigUint64(24)),
    timestampMs: Number(view.getBigInt64(32)),
    walOffset: Number(view.getBigInt64(48)),
    walSize: Number(view.getBigInt64(56)),
    salt1: view.getUint32(64),
    salt2: view.getUint32(68),
  };
}
