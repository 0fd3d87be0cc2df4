import type { DatabaseSync } from "node:sqlite";
import { type AuditEntry, parseAction } from "../domain/action.ts";
import { parseClientId } from "../domain/client_id.ts";

/** As many entries are kept. */
const ENTRIES = 1_000;

/** Who did what, in a table of the state database that stays bounded. */
export class ActionTable {
  readonly #db: DatabaseSync;

  /** Makes the table where it is missing: it has no part in the schema's version. */
  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(
      `CREATE TABLE IF NOT EXISTS activity (
        at INTEGER NOT NULL,
        action TEXT NOT NULL,
        ids TEXT NOT NULL,
        count INTEGER NOT NULL,
        origin TEXT NOT NULL
      ) STRICT`,
    );
  }

  /** Newest first. What another version wrote and this one does not know is left out. */
  read(): AuditEntry[] {
    const rows = this.#db.prepare(
      `SELECT at, action, ids, count, origin FROM activity
       ORDER BY rowid DESC LIMIT ${ENTRIES}`,
    ).all();
    return rows.flatMap((row) => {
      const action = parseAction(String(row.action));
      if (action === null) return [];
      const ids = String(row.ids).split(" ").flatMap((text) =>
        parseClientId(text) ?? []
      );
      const { at, count, origin } = row;
      const from = String(origin);
      return [{ at: Number(at), action, ids, count: Number(count), from }];
    });
  }

  /** Adds entries, oldest first, and lets the oldest go; within a transaction of the caller. */
  add(entries: readonly AuditEntry[]): void {
    if (entries.length === 0) return;
    const insert = this.#db.prepare(
      "INSERT INTO activity (at, action, ids, count, origin) VALUES (?, ?, ?, ?, ?)",
    );
    for (const { at, action, ids, count, from } of entries) {
      insert.run(at, action, ids.join(" "), count, from);
    }
    this.#db.exec(
      `DELETE FROM activity
       WHERE rowid <= (SELECT max(rowid) FROM activity) - ${ENTRIES}`,
    );
  }
}
