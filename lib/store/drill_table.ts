import type { DatabaseSync } from "node:sqlite";
import { type ClientId, parseClientId } from "../domain/client_id.ts";
import { type Drill, DRILL_RESULTS } from "../domain/drill.ts";
import { parseTxid } from "../domain/txid.ts";

/** The last drill of each client that had one, in a table of the state database. */
export class DrillTable {
  readonly #db: DatabaseSync;

  /** Makes the table where it is missing: it has no part in the schema's version. */
  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(
      `CREATE TABLE IF NOT EXISTS drills (
        id TEXT PRIMARY KEY,
        at INTEGER NOT NULL,
        result TEXT NOT NULL,
        txid TEXT NOT NULL,
        problem TEXT
      ) STRICT, WITHOUT ROWID`,
    );
  }

  /** What another version wrote and this one does not know is left out. */
  read(): Map<ClientId, Drill> {
    const drills = new Map<ClientId, Drill>();
    for (const row of this.#db.prepare("SELECT * FROM drills").all()) {
      const id = parseClientId(String(row.id));
      const drill = drillOf(row);
      if (id !== null && drill !== null) drills.set(id, drill);
    }
    return drills;
  }

  /** Keeps drills; within a transaction of the caller. */
  put(drills: ReadonlyMap<ClientId, Drill>): void {
    if (drills.size === 0) return;
    const insert = this.#db.prepare(
      "INSERT OR REPLACE INTO drills VALUES (?, ?, ?, ?, ?)",
    );
    for (const [id, { at, result, txid, problem }] of drills) {
      insert.run(id, at, result, txid, problem);
    }
  }

  /** What was found of another bucket says nothing of this one. */
  forgetAll(): void {
    this.#db.exec("DELETE FROM drills");
  }
}

/** Null for one that another version wrote and this one does not know. */
function drillOf(row: Record<string, unknown>): Drill | null {
  const txid = parseTxid(String(row.txid));
  const result = DRILL_RESULTS.find((one) => one === row.result);
  if (txid === null || result === undefined) return null;
  const problem = row.problem === null ? null : String(row.problem);
  return { at: Number(row.at), result, txid, problem };
}
