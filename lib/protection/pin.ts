import { DatabaseSync } from "node:sqlite";

/** Files on which this process has a SQLite connection open. */
const open = new Map<string, number>();

/**
 * Whether a database may be opened and closed by hand. While a connection of
 * ours is open on it that would drop the connection's locks: POSIX locks are
 * the process's, not the file descriptor's.
 */
export function mayOpen(path: string): boolean {
  return !open.has(path);
}

/** SQLite told that somebody else holds a lock that we need. */
export class BusyError extends Error {
  override name = "BusyError";
}

/**
 * A read transaction of ours that keeps the application from restarting the
 * WAL, from before the guard looks until the daemon holds its own. It makes
 * trouble rare and proves nothing: when the WAL is fully checkpointed, SQLite
 * gives a reader lock 0, under which a writer may still restart it.
 */
export class Pin implements Disposable {
  readonly #path: string;
  readonly #db: DatabaseSync;
  #closed = false;

  private constructor(path: string, db: DatabaseSync) {
    this.#path = path;
    this.#db = db;
  }

  /**
   * Pins a database. Read-only, so that closing it checkpoints nothing.
   *
   * @returns null when the database is not in WAL mode: then there is nothing
   * to pin, and a reader would keep Litestream from turning WAL mode on
   */
  static open(path: string): Pin | null {
    const pin = Pin.#connect(path, { readOnly: true });
    if (pin.#isWal()) return pin.#begin();
    pin[Symbol.dispose]();
    return null;
  }

  /**
   * Empties the WAL into the database, then pins. Litestream sees a truncated
   * WAL and writes a full snapshot. Throws `BusyError` when somebody reads or
   * writes in the way.
   */
  static openTruncated(path: string): Pin | null {
    const pin = Pin.#connect(path, { readOnly: false });
    try {
      if (!pin.#isWal()) {
        pin[Symbol.dispose]();
        return null;
      }
      const row = pin.#run("PRAGMA wal_checkpoint(TRUNCATE)");
      if (row?.busy !== 0) {
        throw new BusyError(
          "a transaction of the application keeps the WAL from being emptied",
        );
      }
      return pin.#begin();
    } catch (error) {
      pin[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#db.close();
    const count = open.get(this.#path)! - 1;
    if (count === 0) open.delete(this.#path);
    else open.set(this.#path, count);
  }

  static #connect(path: string, options: { readOnly: boolean }): Pin {
    // Counted before it opens: from then on nobody may open it by hand.
    open.set(path, (open.get(path) ?? 0) + 1);
    let db: DatabaseSync | undefined;
    try {
      db = new DatabaseSync(path, options);
      const pin = new Pin(path, db);
      // Waiting would stop the whole program; the caller comes back instead.
      db.exec("PRAGMA busy_timeout = 0");
      return pin;
    } catch (error) {
      db?.close();
      const count = open.get(path)! - 1;
      if (count === 0) open.delete(path);
      else open.set(path, count);
      throw asBusy(error);
    }
  }

  #begin(): this {
    try {
      this.#run("BEGIN");
      this.#run("SELECT count(*) FROM sqlite_master");
      return this;
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #isWal(): boolean {
    try {
      return this.#run("PRAGMA journal_mode")?.journal_mode === "wal";
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #run(sql: string): Record<string, unknown> | undefined {
    try {
      return this.#db.prepare(sql).get();
    } catch (error) {
      throw asBusy(error);
    }
  }
}

/** SQLITE_BUSY (5) and SQLITE_LOCKED (6), with their extended codes. */
function asBusy(error: unknown): unknown {
  const { errcode } = error as { errcode?: number };
  const busy = errcode !== undefined && [5, 6].includes(errcode & 0xff);
  return busy
    ? new BusyError("the application holds a lock on the database", {
      cause: error,
    })
    : error;
}
