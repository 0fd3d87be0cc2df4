import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { type DatabaseFolder, databasePath } from "./databases.ts";
import type { Replication } from "./replication.ts";

/** Applications that keep their databases open and write rows into them. */
export class Writers implements Disposable {
  readonly #databases: DatabaseFolder;
  readonly #replication: Replication;
  readonly #open = new Map<string, DatabaseSync>();

  constructor(databases: DatabaseFolder, replication: Replication) {
    this.#databases = databases;
    this.#replication = replication;
  }

  /** Commits one row. */
  write(id: string): void {
    let db = this.#open.get(id);
    if (db === undefined) {
      db = new DatabaseSync(databasePath(this.#databases, id), {
        timeout: 10_000,
      });
      db.exec("PRAGMA journal_mode = wal; PRAGMA synchronous = normal");
      this.#open.set(id, db);
    }
    db.prepare(
      "INSERT INTO items(at, name, body) VALUES (?, 'bench', randomblob(100))",
    ).run(Date.now());
    this.#replication.written(id);
  }

  /** Writes to each, one after the other, `everyMs` apart. */
  async writeEach(ids: readonly string[], everyMs: number): Promise<void> {
    for (const id of ids) {
      this.write(id);
      await delay(everyMs);
    }
  }

  /**
   * Writes at random: the first of `ids` most, each further one less, as
   * Zipf's law has it.
   */
  async writeZipf(
    ids: readonly string[],
    { seconds, perSecond }: { seconds: number; perSecond: number },
  ): Promise<void> {
    const shares: number[] = [];
    let sum = 0;
    for (let rank = 1; rank <= ids.length; rank++) shares.push(sum += 1 / rank);
    const end = performance.now() + seconds * 1_000;
    while (performance.now() < end) {
      const ticket = Math.random() * sum;
      this.write(ids[shares.findIndex((share) => share >= ticket)]!);
      await delay(1_000 / perSecond);
    }
  }

  [Symbol.dispose](): void {
    for (const db of this.#open.values()) db.close();
    this.#open.clear();
  }
}
