/**
 * A transaction id of an LTX file: 16 lower-case hexadecimal digits, so that
 * ids compare as strings. Litestream's command line prints them like this; its
 * control socket sends numbers.
 */
export type Txid = string & { readonly __brand: "Txid" };

/** Before any transaction. */
export const TXID_ZERO = "0000000000000000" as Txid;

/** Reads 16 hexadecimal digits; null when the text is something else. */
export function parseTxid(text: string): Txid | null {
  return /^[0-9a-f]{16}$/i.test(text) ? text.toLowerCase() as Txid : null;
}

/** The id of a number, as the control socket and LTX headers hold it. */
export function txidOf(number: number | bigint): Txid {
  return number.toString(16).padStart(16, "0") as Txid;
}
