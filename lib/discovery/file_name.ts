import {
  type ClientId,
  databaseStem,
  parseClientId,
} from "../domain/client_id.ts";

/** What a file's name alone says of it. */
export type NameKind =
  /** A client's database, if its header agrees. */
  | { readonly kind: "database"; readonly id: ClientId }
  /** Ends like a database, but is named after no UUID. */
  | { readonly kind: "stranger" }
  /** The WAL of the database called `database`. */
  | { readonly kind: "wal"; readonly database: string }
  /** Hidden, or written by SQLite beside a database: never looked at. */
  | { readonly kind: "skipped" }
  /** Anything else: a folder perhaps. */
  | { readonly kind: "other" };

const SKIPPED: NameKind = { kind: "skipped" };
const STRANGER: NameKind = { kind: "stranger" };
const OTHER: NameKind = { kind: "other" };

/** Tells what a file is by its name, without its folder. */
export function classifyName(name: string): NameKind {
  if (name.startsWith(".")) return SKIPPED;
  if (name.endsWith("-shm") || name.endsWith("-journal")) return SKIPPED;
  if (name.endsWith("-wal")) {
    const database = name.slice(0, -"-wal".length);
    return databaseStem(database) === null ? OTHER : { kind: "wal", database };
  }
  const stem = databaseStem(name);
  if (stem === null) return OTHER;
  const id = parseClientId(stem);
  return id === null ? STRANGER : { kind: "database", id };
}

/**
 * Whether a change to a name can matter. Litestream makes folders beside each
 * database, `.NAME-litestream`, SQLite a `-shm`: nobody has to look at those.
 */
export function tellsSomething(name: string, isFolder: boolean): boolean {
  if (isFolder) return !name.startsWith(".");
  const { kind } = classifyName(name);
  return kind !== "skipped" && kind !== "other";
}
