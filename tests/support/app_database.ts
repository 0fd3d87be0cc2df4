import { createHash } from "node:crypto";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

export type CheckpointMode = "PASSIVE" | "FULL" | "RESTART" | "TRUNCATE";

export const checkpointModes: readonly CheckpointMode[] = [
  "PASSIVE",
  "FULL",
  "RESTART",
  "TRUNCATE",
];

export interface AppDatabaseOptions {
  /** @default "wal" */
  journal?: "wal" | "delete";
  /** In bytes. @default 4096 */
  pageSize?: number;
  /**
   * Pages after which SQLite checkpoints by itself, 0 for never.
   * @default 1000
   */
  autoCheckpoint?: number;
}

/** An application that owns a SQLite file, as those whose files are protected. */
export class AppDatabase implements Disposable {
  #db: DatabaseSync;
  readonly #options: Required<AppDatabaseOptions>;

  private constructor(readonly path: string, options: AppDatabaseOptions) {
    this.#options = {
      journal: "wal",
      pageSize: 4096,
      autoCheckpoint: 1000,
      ...options,
    };
    this.#db = this.#connect();
  }

  /** Opens the file; makes it with the application's tables when it is new. */
  static open(path: string, options: AppDatabaseOptions = {}): AppDatabase {
    const app = new AppDatabase(path, options);
    try {
      app.run(
        `CREATE TABLE IF NOT EXISTS items(
          id INTEGER PRIMARY KEY, at INTEGER NOT NULL, name TEXT NOT NULL, body BLOB
        )`,
      );
      app.run("CREATE INDEX IF NOT EXISTS items_name ON items(name)");
      return app;
    } catch (error) {
      app.close();
      throw error;
    }
  }

  #connect(): DatabaseSync {
    const { journal, pageSize, autoCheckpoint } = this.#options;
    const db = new DatabaseSync(this.path, { timeout: 10_000 });
    // Before the journal mode: in WAL mode the page size is fixed.
    db.exec(`PRAGMA page_size = ${pageSize}`);
    db.exec(`PRAGMA journal_mode = ${journal}`);
    db.exec(`PRAGMA wal_autocheckpoint = ${autoCheckpoint}`);
    return db;
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.#db.prepare(sql).run(...values);
  }

  get(
    sql: string,
    ...values: SQLInputValue[]
  ): Record<string, unknown> | undefined {
    return this.#db.prepare(sql).get(...values);
  }

  /** All or nothing of what `work` writes. */
  transaction<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /** Inserts rows in one transaction, each with a random body of `bytes`. */
  insert(rows = 1, bytes = 100): void {
    const statement = this.#db.prepare(
      "INSERT INTO items(at, name, body) VALUES (?, hex(randomblob(8)), randomblob(?))",
    );
    this.transaction(() => {
      for (let i = 0; i < rows; i++) statement.run(Date.now(), bytes);
    });
  }

  /** Changes the body of about one in `every` rows. */
  update(every = 10): void {
    this.run(
      "UPDATE items SET body = randomblob(coalesce(length(body), 10)) WHERE id % ? = 0",
      every,
    );
  }

  /** Deletes about one in `every` rows. */
  delete(every = 10): void {
    this.run("DELETE FROM items WHERE id % ? = 0", every);
  }

  count(): number {
    return Number(this.get("SELECT count(*) AS n FROM items")?.["n"]);
  }

  /** Returns true when it ran to its end, false when another connection held it up. */
  checkpoint(mode: CheckpointMode): boolean {
    return this.get(`PRAGMA wal_checkpoint(${mode})`)?.["busy"] === 0;
  }

  vacuum(): void {
    this.#db.exec("VACUUM");
  }

  /** Closes (SQLite then checkpoints and deletes the WAL if nobody else has it open). */
  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  /** Closes and opens again, as an application that restarts. */
  reopen(): void {
    this.close();
    this.#db = this.#connect();
  }

  /** The digest of what is in it now, through the application's own connection. */
  digest(): string {
    return digestOf(this.#db);
  }

  /** Runs SQLite's own check. */
  integrityCheck(): string {
    return String(this.get("PRAGMA integrity_check")?.["integrity_check"]);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * A digest of a database file's tables and rows, less Litestream's own tables: two
 * databases with the same content have the same, whatever their pages look like.
 * Opening a file is not without effect: if nobody else has it open, closing it
 * checkpoints its WAL. For a file that an application has open use
 * {@linkcode AppDatabase.digest}.
 *
 * @throws {Error} if the file is no database or its integrity check fails
 */
export function contentDigest(path: string): string {
  const db = new DatabaseSync(path, { timeout: 10_000 });
  try {
    const check = db.prepare("PRAGMA integrity_check").get()
      ?.["integrity_check"];
    if (check !== "ok") {
      throw new Error(`Integrity check of "${path}": ${check}`);
    }
    return digestOf(db);
  } finally {
    db.close();
  }
}

function digestOf(db: DatabaseSync): string {
  const hash = createHash("sha256");
  // One snapshot for all tables.
  db.exec("BEGIN");
  try {
    const schema = db.prepare(
      `SELECT type, name, sql FROM sqlite_schema
       WHERE tbl_name NOT LIKE '\\_litestream\\_%' ESCAPE '\\'
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name`,
    ).all() as { type: string; name: string; sql: string }[];
    for (const { type, name, sql } of schema) {
      hash.update(`${type}\0${name}\0${sql}\0`);
      if (type !== "table") continue;
      const quoted = `"${name.replaceAll('"', '""')}"`;
      const columns = db.prepare(`PRAGMA table_info(${quoted})`).all().length;
      const order = Array.from({ length: columns }, (_, index) => index + 1);
      const rows = db.prepare(
        `SELECT * FROM ${quoted} ORDER BY ${order.join()}`,
      );
      rows.setReadBigInts(true);
      for (const row of rows.iterate()) {
        for (const value of Object.values(row as Record<string, unknown>)) {
          hashValue(hash, value);
        }
      }
    }
  } finally {
    db.exec("COMMIT");
  }
  return hash.digest("hex");
}

/** Type and length stand first, so that no two rows can look alike. */
function hashValue(hash: ReturnType<typeof createHash>, value: unknown): void {
  if (value instanceof Uint8Array) {
    hash.update(`b${value.length}:`).update(value);
  } else {
    const text = String(value);
    hash.update(
      `${value === null ? "null" : typeof value}${text.length}:${text}`,
    );
  }
}
