import { getLogger } from "@logtape/logtape";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { AuditEntry } from "../domain/action.ts";
import type { ClientId } from "../domain/client_id.ts";
import type { Drill } from "../domain/drill.ts";
import type { Txid } from "../domain/txid.ts";
import { ActionTable } from "./action_table.ts";
import { CostTable } from "./cost_table.ts";
import { DrillTable } from "./drill_table.ts";

const log = getLogger(["litestream-manager", "store"]);

/** What of a client survives a restart. */
export interface StoredClient {
  readonly id: ClientId;
  readonly path: string;
  readonly proved: boolean;
  /** Which file at that path it is known of; see `identityOf`. */
  readonly identity: string | null;
  readonly txid: Txid | null;
  readonly replicatedTxid: Txid | null;
  /** State of the files in which all was proved; null when it was not. */
  readonly fingerprint: string | null;
  /** Digest of the pages in that state; null where none was taken. */
  readonly digest: string | null;
  /** In ms since 1970. */
  readonly lastSyncedAt: number | null;
  readonly sizeBytes: number;
  readonly paused: boolean;
  /** TXID of the last snapshot that housekeeping took. */
  readonly snapshotTxid: Txid | null;
  /** When housekeeping last took care of it, in ms since 1970. */
  readonly housekeptAt: number | null;
}

/** Format of the tables; an older state folder is begun anew. */
const SCHEMA_VERSION = 2;
/** How long a change may wait to be written with others, in ms. */
const BATCH_MS = 200;
/** When a change that could not be written is tried again, in ms. */
const RETRY_MS = 1_000;
/** How many rows are read at a time. */
const PAGE_ROWS = 1_000;
/** How long a mark waits for others, in ms. */
const COMMIT_MS = 20;

/** As many actions wait while the disk is full. */
const MAX_NEW_ACTIONS = 1_000;

const COLUMNS = [
  "id",
  "path",
  "proved",
  "identity",
  "txid",
  "replicatedTxid",
  "fingerprint",
  "digest",
  "lastSyncedAt",
  "sizeBytes",
  "paused",
  "snapshotTxid",
  "housekeptAt",
] as const satisfies readonly (keyof StoredClient)[];

/**
 * What survives a restart, in a SQLite database of our own. Losing it loses no
 * backup: it costs one full snapshot for each client.
 */
export class Store implements Disposable {
  readonly #db: DatabaseSync;
  readonly #rows = new Map<ClientId, StoredClient>();
  readonly #pending = new Set<ClientId>();
  readonly #actions: ActionTable;
  readonly #drillTable: DrillTable;
  readonly #drills: Map<ClientId, Drill>;
  /** What is counted for the bill; it writes by itself. */
  readonly costs: CostTable;
  #newActions: AuditEntry[] = [];
  readonly #newDrills = new Map<ClientId, Drill>();
  #insert: StatementSync | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** The writing that the marks of this moment wait for. */
  #commit: Promise<void> | null = null;

  private constructor(db: DatabaseSync) {
    this.#db = db;
    this.#actions = new ActionTable(db);
    this.costs = new CostTable(db);
    this.#drillTable = new DrillTable(db);
    this.#drills = this.#drillTable.read();
  }

  /**
   * Opens the state database, or makes it. One that cannot be read is put aside.
   *
   * @param target names the bucket: what was proved of another one is forgotten
   */
  static open(file: string, target: string): Store {
    try {
      return Store.#load(file, target);
    } catch (error) {
      if (!isBroken(error)) throw error;
      for (const ending of ["", "-wal", "-shm"]) {
        renameIfThere(file + ending, `${file}.broken${ending}`);
      }
      return Store.#load(file, target);
    }
  }

  static #load(file: string, target: string): Store {
    const db = openDatabase(file);
    try {
      const store = new Store(db);
      store.#forgetOtherTarget(target);
      store.#readRows();
      return store;
    } catch (error) {
      db.close();
      throw error;
    }
  }

  get(id: ClientId): StoredClient | undefined {
    return this.#rows.get(id);
  }

  rows(): Iterable<StoredClient> {
    return this.#rows.values();
  }

  /** Changes a client's row; it is on disk within 200 ms, or after `flush`. */
  save(row: Partial<StoredClient> & Pick<StoredClient, "id" | "path">): void {
    const before = this.#rows.get(row.id) ?? emptyRow(row.id, row.path);
    this.#rows.set(row.id, { ...before, ...row });
    this.#pending.add(row.id);
    this.#timer ??= setTimeout(() => this.#flushOrRetry(), BATCH_MS);
  }

  /** How the last trial restore of a client ended; null before the first. */
  drill(id: ClientId): Drill | null {
    return this.#drills.get(id) ?? null;
  }

  /** Keeps how it ended; it is on disk within 200 ms, or after `flush`. */
  keepDrill(id: ClientId, drill: Drill): void {
    this.#drills.set(id, drill);
    this.#newDrills.set(id, drill);
    this.#timer ??= setTimeout(() => this.#flushOrRetry(), BATCH_MS);
  }

  /** Who did what, newest first; what was kept in the last moment is left out. */
  actions(): AuditEntry[] {
    return this.#actions.read();
  }

  /** Keeps who did what; it is on disk within 200 ms, or after `flush`. */
  keepAction(entry: AuditEntry): void {
    this.#newActions.push(entry);
    if (this.#newActions.length > MAX_NEW_ACTIONS) this.#newActions.shift();
    this.#timer ??= setTimeout(() => this.#flushOrRetry(), BATCH_MS);
  }

  /**
   * Notes that nothing is proved of a client until its verdict. Resolves when
   * that is on disk: a kill in between must not be forgotten. Marks of many
   * clients are written together.
   */
  async markUnproved(
    { id, path }: Pick<StoredClient, "id" | "path">,
  ): Promise<void> {
    this.save({ id, path, proved: false, fingerprint: null, digest: null });
    this.#commit ??= new Promise((resolve, reject) => {
      setTimeout(() => {
        this.#commit = null;
        try {
          resolve(this.flush());
        } catch (error) {
          this.#timer ??= setTimeout(() => this.#flushOrRetry(), RETRY_MS);
          reject(error);
        }
      }, COMMIT_MS);
    });
    await this.#commit;
  }

  /** Forgets a client. */
  remove(id: ClientId): void {
    this.#rows.delete(id);
    this.#pending.delete(id);
    this.#db.prepare("DELETE FROM clients WHERE id = ?").run(id);
  }

  /** Writes what waits, in one transaction. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const isClean = this.#pending.size === 0 &&
      this.#newActions.length === 0 && this.#newDrills.size === 0;
    if (isClean) return;
    const statement = this.#insert ??= this.#db.prepare(
      `INSERT OR REPLACE INTO clients (${COLUMNS.join(", ")})
       VALUES (${COLUMNS.map(() => "?").join(", ")})`,
    );
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      for (const id of this.#pending) {
        const row = this.#rows.get(id)!;
        statement.run(...COLUMNS.map((column) => {
          const value = row[column];
          return typeof value === "boolean" ? Number(value) : value;
        }));
      }
      this.#actions.add(this.#newActions);
      this.#drillTable.put(this.#newDrills);
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
    this.#pending.clear();
    this.#newActions = [];
    this.#newDrills.clear();
  }

  [Symbol.dispose](): void {
    this.flush();
    this.#db.close();
  }

  /** A full disk must not end the program: what is not written stays waiting. */
  #flushOrRetry(): void {
    try {
      this.flush();
    } catch (error) {
      log.error("Cannot write the state database: {error}", { error });
      this.#timer ??= setTimeout(() => this.#flushOrRetry(), RETRY_MS);
    }
  }

  #forgetOtherTarget(target: string): void {
    const known = this.#db.prepare(
      "SELECT value FROM meta WHERE key = 'target'",
    )
      .get()?.value;
    if (known === target) return;
    this.costs.forgetStored();
    this.#db.exec("BEGIN IMMEDIATE");
    this.#db.exec(
      `UPDATE clients SET proved = 0, identity = NULL, replicatedTxid = NULL,
      fingerprint = NULL, digest = NULL, lastSyncedAt = NULL,
      snapshotTxid = NULL, housekeptAt = NULL`,
    );
    this.#drills.clear();
    this.#drillTable.forgetAll();
    this.#db.prepare("INSERT OR REPLACE INTO meta VALUES ('target', ?)")
      .run(target);
    this.#db.exec("COMMIT");
  }

  /** A page at a time: row by row takes three times as long, and as objects twice. */
  #readRows(): void {
    const columns = COLUMNS.join(", ");
    const page = this.#db.prepare(
      `SELECT ${columns} FROM clients WHERE id > ? ORDER BY id LIMIT ${PAGE_ROWS}`,
    );
    // Deno has it; its types do not.
    (page as ArrayStatement).setReturnArrays(true);
    let last = "";
    while (true) {
      const rows = page.all(last) as unknown as unknown[][];
      for (const row of rows) {
        const client = clientOf(row);
        this.#rows.set(client.id, client);
        last = client.id;
      }
      if (rows.length < PAGE_ROWS) return;
    }
  }
}

type ArrayStatement = StatementSync & { setReturnArrays(on: boolean): void };

/** A client of the values of its columns, as SQLite has them: it knows no booleans. */
function clientOf(values: readonly unknown[]): StoredClient {
  const row: Record<string, unknown> = {};
  for (let index = 0; index < COLUMNS.length; index++) {
    row[COLUMNS[index]!] = values[index];
  }
  row.proved = row.proved === 1;
  row.paused = row.paused === 1;
  return row as unknown as StoredClient;
}

function emptyRow(id: ClientId, path: string): StoredClient {
  return {
    id,
    path,
    proved: false,
    identity: null,
    txid: null,
    replicatedTxid: null,
    fingerprint: null,
    digest: null,
    lastSyncedAt: null,
    sizeBytes: 0,
    paused: false,
    snapshotTxid: null,
    housekeptAt: null,
  };
}

function openDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: 5_000 });
  try {
    // FULL: a mark that is written must also survive a loss of power.
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    const check = db.prepare("PRAGMA quick_check(1)").get()?.quick_check;
    if (check !== "ok") throw new Error(`${MALFORMED}: ${check}`);
    const version = db.prepare("PRAGMA user_version").get()?.user_version;
    if (version !== SCHEMA_VERSION) {
      db.exec(`
        DROP TABLE IF EXISTS clients;
        DROP TABLE IF EXISTS meta;
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) STRICT;
        CREATE TABLE clients (
          id TEXT PRIMARY KEY,
          path TEXT NOT NULL,
          proved INTEGER NOT NULL,
          identity TEXT,
          txid TEXT,
          replicatedTxid TEXT,
          fingerprint TEXT,
          digest TEXT,
          lastSyncedAt INTEGER,
          sizeBytes INTEGER NOT NULL,
          paused INTEGER NOT NULL,
          snapshotTxid TEXT,
          housekeptAt INTEGER
        ) STRICT, WITHOUT ROWID;
        PRAGMA user_version = ${SCHEMA_VERSION};`);
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** SQLite's words for SQLITE_CORRUPT and SQLITE_NOTADB. */
const MALFORMED = "database disk image is malformed";
const NO_DATABASE = "file is not a database";

/** By its words: Deno's `exec` leaves the number out. */
function isBroken(error: unknown): boolean {
  const { message } = error as Error;
  return message.includes(MALFORMED) || message.includes(NO_DATABASE);
}

function renameIfThere(from: string, to: string): void {
  try {
    Deno.renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
