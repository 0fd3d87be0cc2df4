import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ClientId } from "../domain/client_id.ts";
import type { CostRow, MonthTotals, StoredTotals } from "../domain/cost_row.ts";
import {
  heldBytes,
  isHeld,
  surenessOf,
  UNKNOWN_HOLDING,
} from "../domain/holding.ts";
import { GB, type Prices } from "../domain/prices.ts";
import type { Usage } from "../domain/usage.ts";
import { holdingText, readHolding } from "./holding_text.ts";

const USAGE = ["puts", "gets", "frees", "bytes", "unsized"] as const;
const COUNTS = USAGE.map((name) => `${name} INTEGER NOT NULL`).join(", ");

/**
 * What is counted of clients and months, in tables of the state database. A
 * client that never did anything has no row.
 */
export class CostTable {
  readonly #db: DatabaseSync;
  readonly #read: StatementSync;

  /** Makes the tables where they are missing: they have no part in the schema's version. */
  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(
      `CREATE TABLE IF NOT EXISTS costs (
        id TEXT PRIMARY KEY,
        month TEXT NOT NULL,
        ${COUNTS},
        stored INTEGER,
        sureness TEXT,
        holding TEXT
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS cost_months (
        month TEXT PRIMARY KEY,
        ${COUNTS},
        grown INTEGER NOT NULL,
        countedMs INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`,
    );
    this.#read = db.prepare("SELECT * FROM costs WHERE id = ?");
  }

  read(id: ClientId): CostRow | null {
    const row = this.#read.get(id);
    return row === undefined ? null : rowOf(row);
  }

  /** Writes all of it or nothing, in a transaction of its own. */
  write(rows: Iterable<CostRow>, months: Iterable<MonthTotals>): void {
    const putRow = this.#db.prepare(
      `INSERT OR REPLACE INTO costs VALUES (${places(USAGE.length + 5)})`,
    );
    const putMonth = this.#db.prepare(
      `INSERT OR REPLACE INTO cost_months VALUES (${places(USAGE.length + 3)})`,
    );
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      for (const { id, month, usage, holding } of rows) {
        const counts = USAGE.map((name) => usage[name]);
        const known = isHeld(holding)
          ? [heldBytes(holding), surenessOf(holding)]
          : [null, null];
        const all = holding === UNKNOWN_HOLDING ? null : holdingText(holding);
        putRow.run(id, month, ...counts, ...known, all);
      }
      for (const { month, usage, grown, countedMs } of months) {
        const counts = USAGE.map((name) => usage[name]);
        putMonth.run(month, ...counts, grown, Math.round(countedMs));
      }
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /** Oldest first. */
  months(): MonthTotals[] {
    return this.#db.prepare("SELECT * FROM cost_months ORDER BY month").all()
      .map((row) => ({
        month: String(row.month),
        usage: usageOf(row),
        grown: Number(row.grown),
        countedMs: Number(row.countedMs),
      }));
  }

  /** The clients that cost most: in a month, and by what they have stored. */
  dearest(
    month: string,
    { prices, limit }: { prices: Prices; limit: number },
  ): CostRow[] {
    const { put, get, transfer, storage } = prices;
    return this.#db.prepare(
      `SELECT *,
        (month = ?) * (puts * ? + gets * ? + bytes * ?)
          + coalesce(stored, 0) * ? AS dollars,
        (month = ?) * (puts + gets + frees) AS requests
      FROM costs ORDER BY dollars DESC, requests DESC, id LIMIT ?`,
    ).all(
      month,
      put / 1000,
      get / 1000,
      transfer / GB,
      storage / GB,
      month,
      limit,
    ).map(rowOf);
  }

  stored(): StoredTotals {
    const clients = { "exact": 0, "at least": 0, "at most": 0, "about": 0 };
    let bytes = 0;
    const groups = this.#db.prepare(
      `SELECT sureness, count(*) AS n, sum(stored) AS bytes FROM costs
       WHERE sureness IS NOT NULL GROUP BY sureness`,
    ).all();
    for (const { sureness, n, bytes: sum } of groups) {
      clients[sureness as keyof typeof clients] = Number(n);
      bytes += Number(sum);
    }
    return { bytes, clients };
  }

  /** What was stored in another bucket is not known of this one. */
  forgetStored(): void {
    this.#db.exec(
      "UPDATE costs SET stored = NULL, sureness = NULL, holding = NULL",
    );
  }
}

function rowOf(row: Record<string, unknown>): CostRow {
  return {
    id: row.id as ClientId,
    month: String(row.month),
    usage: usageOf(row),
    holding: readHolding(row.holding as string | null),
  };
}

function usageOf(row: Record<string, unknown>): Usage {
  const { puts, gets, frees, bytes, unsized } = row;
  return {
    puts: Number(puts),
    gets: Number(gets),
    frees: Number(frees),
    bytes: Number(bytes),
    unsized: Number(unsized),
  };
}

function places(n: number): string {
  return Array(n).fill("?").join(", ");
}
