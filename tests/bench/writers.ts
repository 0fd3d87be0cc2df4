import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { type DatabaseFolder, databasePath } from "./databases.ts";
import type { Replication } from "./replication.ts";

/** Applications that keep their databases open and write rows into them. */
export class Writers implements Disposable {
  readonly #databases: DatabaseFolder;
  readonly #replication: Replication;
  readonly #open = new Map<string, DatabaseSync>();
  #closed = false;
  /** How many rows were committed. */
  written = 0;

  constructor(databases: DatabaseFolder, replication: Replication) {
    this.#databases = databases;
    this.#replication = replication;
  }

  /** Commits one row. */
  write(id: string): void {
    if (this.#closed) throw new Error("Cannot write: the applications ended");
    const db = this.#open.get(id) ?? this.#connect(id);
    this.#replication.writing(id);
    db.prepare(
      "INSERT INTO items(at, name, body) VALUES (?, 'bench', randomblob(100))",
    ).run(Date.now());
    this.written++;
  }

  /** Opens databases ahead of their first write. */
  open(ids: readonly string[]): void {
    for (const id of ids) if (!this.#open.has(id)) this.#connect(id);
  }

  #connect(id: string): DatabaseSync {
    const db = new DatabaseSync(databasePath(this.#databases, id), {
      timeout: 10_000,
    });
    db.exec("PRAGMA journal_mode = wal; PRAGMA synchronous = normal");
    this.#open.set(id, db);
    return db;
  }

  /**
   * Writes to each, one after the other, `everyMs` apart on average: a fixed
   * pause could always meet Litestream's ticks of a second at one place.
   */
  async writeEach(ids: readonly string[], everyMs: number): Promise<void> {
    for (const id of ids) {
      this.write(id);
      await delay(Math.random() * 2 * everyMs);
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

  /**
   * Writes to each again and again, with a pause of its own at random between
   * `minMs` and `maxMs` after each write.
   */
  async writeAgain(
    ids: readonly string[],
    { seconds, minMs, maxMs }: {
      seconds: number;
      minMs: number;
      maxMs: number;
    },
  ): Promise<void> {
    const end = performance.now() + seconds * 1_000;
    const pause = () => minMs + Math.random() * (maxMs - minMs);
    const dueAt = ids.map(() => performance.now() + Math.random() * maxMs);
    while (performance.now() < end) {
      for (const [index, id] of ids.entries()) {
        if (dueAt[index]! > performance.now()) continue;
        this.write(id);
        dueAt[index] = performance.now() + pause();
        // The proxy lives in this process: it must not wait for all of them.
        if (this.written % 8 === 0) await delay(0);
      }
      await delay(10);
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    for (const db of this.#open.values()) db.close();
    this.#open.clear();
  }
}
