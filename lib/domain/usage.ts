import { GB, priceOf, type Prices } from "./prices.ts";

/** What was asked of the bucket and sent to it, counted. */
export interface Usage {
  /** Requests that write or list. */
  puts: number;
  /** Requests that read. */
  gets: number;
  /** Requests that cost nothing. */
  frees: number;
  /** Bytes of the uploaded files whose size is known. */
  bytes: number;
  /** Uploaded files whose size Litestream does not tell. */
  unsized: number;
}

export function noUsage(): Usage {
  return { puts: 0, gets: 0, frees: 0, bytes: 0, unsized: 0 };
}

/** Adds a request; `LIST` stands for a GET that lists. */
export function addRequest(usage: Usage, method: string): void {
  switch (priceOf(method)) {
    case "put":
      usage.puts++;
      return;
    case "get":
      usage.gets++;
      return;
    case "free":
      usage.frees++;
  }
}

/** Adds an uploaded file; null for a size that is not told. */
export function addUpload(usage: Usage, bytes: number | null): void {
  if (bytes === null) usage.unsized++;
  else usage.bytes += bytes;
}

/** All requests, those that are free too. */
export function requestsOf({ puts, gets, frees }: Usage): number {
  return puts + gets + frees;
}

/** What requests cost, in dollars. */
export function requestDollars(
  { puts, gets }: Pick<Usage, "puts" | "gets">,
  prices: Prices,
): number {
  return (puts * prices.put + gets * prices.get) / 1000;
}

/** What uploading costs, in dollars. */
export function transferDollars(bytes: number, { transfer }: Prices): number {
  return bytes / GB * transfer;
}

/** What it costs to keep bytes for a month, in dollars. */
export function storageDollars(bytes: number, { storage }: Prices): number {
  return bytes / GB * storage;
}

/** What Litestream 0.5 asks for each idle database that it keeps registered. */
export const ALONE_PER_CLIENT_MINUTE = 10;
/** Minutes of a month that is 730 hours long. */
export const MINUTES_A_MONTH: number = 730 * 60;

/** What clients would cost Litestream alone in a month while idle, in dollars. */
export function aloneDollars(clients: number, { put }: Prices): number {
  return clients * ALONE_PER_CLIENT_MINUTE * MINUTES_A_MONTH * put / 1000;
}
