import { mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";

/** Rows of each database, over and over: a few KB to a MB, and one of 8 MB. */
const ROWS = [20, 100, 400, 1_500, 6_000] as const;
const LARGEST = 45_000;

const FOLDERS = ["", "", "", "europe", "america/north"] as const;

/**
 * Makes databases as an application has them, one per client, some in folders of
 * their own. Those that are there already stay as they are.
 *
 * @returns all paths of databases below the folder
 */
export async function makeDatabases(
  folder: string,
  count: number,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const there = (await readdir(folder, { recursive: true }))
    .filter((name) => name.endsWith(".db") && !name.includes("-litestream/"))
    .map((name) => join(folder, name));
  const missing = Math.max(0, count - there.length);
  const made: string[] = [];
  for (let index = 0; index < missing; index++) {
    const sub = FOLDERS[index % FOLDERS.length]!;
    const path = join(folder, sub, `${crypto.randomUUID()}.db`);
    await mkdir(dirname(path), { recursive: true });
    makeDatabase(path, index === 7 ? LARGEST : ROWS[index % ROWS.length]!);
    made.push(path);
  }
  return [...there, ...made];
}

function makeDatabase(path: string, rows: number): void {
  using app = open(path);
  app.exec(`
    CREATE TABLE orders(
      id INTEGER PRIMARY KEY, at TEXT NOT NULL, customer TEXT NOT NULL,
      cents INTEGER NOT NULL, note BLOB
    );
    CREATE INDEX orders_customer ON orders(customer);
  `);
  insertOrders(app, rows);
}

function open(path: string): DatabaseSync & Disposable {
  const db = new DatabaseSync(path, { timeout: 5_000 });
  db.exec("PRAGMA journal_mode = wal");
  return Object.assign(db, { [Symbol.dispose]: () => db.close() });
}

function insertOrders(db: DatabaseSync, rows: number): void {
  db.prepare(`
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
    INSERT INTO orders(at, customer, cents, note)
    SELECT datetime('now'), 'customer ' || abs(random() % 500),
      abs(random() % 100000), randomblob(80) FROM n
  `).run(rows);
}

/** Applications that write into their databases. */
export class DemoApplications implements Disposable {
  readonly #busy: readonly DatabaseSync[];

  /**
   * @param busy databases that are open until this is disposed
   * @param others databases that are opened, written and closed again
   */
  constructor(
    busy: readonly string[],
    private readonly others: readonly string[],
  ) {
    this.#busy = busy.map(open);
  }

  /** Each second into a busy database, each tenth also into one of the others. */
  async writeUntil(signal: AbortSignal): Promise<void> {
    for (let second = 0; !signal.aborted; second++) {
      const app = this.#busy[second % this.#busy.length];
      if (app !== undefined) {
        insertOrders(app, 1 + Math.floor(Math.random() * 5));
      }
      const path = this.others[Math.floor(Math.random() * this.others.length)];
      if (second % 10 === 9 && path !== undefined) {
        using other = open(path);
        insertOrders(other, 1);
      }
      await delay(1_000, undefined, { signal }).catch(() => {});
    }
  }

  [Symbol.dispose](): void {
    for (const app of this.#busy) app.close();
  }
}
