/** The name of a client: the UUID that its database file is named after. */
export type ClientId = string & { readonly __brand: "ClientId" };

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Reads a client's id, in lower case; null when the text is no UUID (any
 * version: 8-4-4-4-12 hexadecimal digits).
 *
 * @example
 * ```ts
 * import { parseClientId } from "./client_id.ts";
 * console.assert(parseClientId("nonsense") === null);
 * ```
 */
export function parseClientId(text: string): ClientId | null {
  return UUID.test(text) ? text.toLowerCase() as ClientId : null;
}

/** File name endings of databases, as the Go program before us took them. */
export const DATABASE_EXTENSIONS = [".db", ".sqlite", ".sqlite3"] as const;

/** Splits a database's file name; null when the ending is not a database's. */
export function databaseStem(fileName: string): string | null {
  const ending = DATABASE_EXTENSIONS.find((ending) =>
    fileName.endsWith(ending)
  );
  return ending === undefined ? null : fileName.slice(0, -ending.length);
}
