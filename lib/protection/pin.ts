import { DatabaseSync } from "node:sqlite";

/** SQLite told that somebody else holds a lock that we need. */
export class BusyError extends Error {
  override name = "BusyError";
}

/**
 * A read transaction of ours that keeps the application from restarting the
 * WAL, from before the guard looks until the daemon holds its own. It makes
 * trouble rare and proves nothing: when the WAL is fully checkpointed, SQLite
 * gives a reader lock 0, under which a writer may still restart it.
 *
 * Only for the pin host's process: see pin_host.ts.
 */
export class Pin implements Disposable {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /**
   * Pins a database. Read-only, so that closing it checkpoints nothing.
   *
   * @returns null when the database is not in WAL mode: then there is nothing
   * to pin, and a reader would keep Litestream from turning WAL mode on
   */
  static open(path: string): Pin | null {
    return connect(path, { readOnly: true }, begin);
  }

  /**
   * Empties the WAL into the database, then pins. Litestream sees a truncated
   * WAL and writes a full snapshot. Throws `BusyError` when somebody reads or
   * writes in the way.
   */
  static openTruncated(path: string): Pin | null {
    return connect(path, { readOnly: false }, (db) => {
      const row = db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
      if (row?.busy !== 0) {
        throw new BusyError(
          "a transaction of the application keeps the WAL from being emptied",
        );
      }
      begin(db);
    });
  }

  /** @ignore */
  static of(db: DatabaseSync): Pin {
    return new Pin(db);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

function connect(
  path: string,
  options: { readOnly: boolean },
  prepare: (db: DatabaseSync) => void,
): Pin | null {
  let db: DatabaseSync | undefined;
  try {
    // Opened for writing, one that was deleted meanwhile would be made anew.
    Deno.statSync(path);
    db = new DatabaseSync(path, options);
    // Waiting would hold up the other clients; the caller comes back instead.
    db.exec("PRAGMA busy_timeout = 0");
    const row = db.prepare("PRAGMA journal_mode").get();
    if (row?.journal_mode !== "wal") {
      db.close();
      return null;
    }
    prepare(db);
    return Pin.of(db);
  } catch (error) {
    db?.close();
    throw asBusy(error);
  }
}

function begin(db: DatabaseSync): void {
  db.exec("BEGIN");
  db.prepare("SELECT count(*) FROM sqlite_master").get();
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
