/**
 * How long the state of an earlier run takes to open and to check, in a process
 * of its own, so that its memory is not mixed with ours. Its argument is the
 * state database; it writes one line of JSON.
 * @module
 */
// deno-lint-ignore-file no-console
import { existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { readFacts } from "../../lib/discovery/file_facts.ts";
import { fingerprintOf } from "../../lib/domain/client.ts";
import { Registry } from "../../lib/registry/registry.ts";
import { Store } from "../../lib/store/store.ts";
import { TempDir } from "../support/temp_dir.ts";

export interface StoreFigures {
  readonly rows: number;
  /** Until the database is open, checked by SQLite, read, and in the registry. */
  readonly openMs: number;
  /** Until the files of all rows were looked at and their fingerprints compared. */
  readonly checkMs: number;
  /** Rows whose files still have the fingerprint. */
  readonly unchanged: number;
  /** Until all rows were changed and written, in one batch. */
  readonly writeMs: number;
}

/** Measures a copy of the state that a program left when it ended. */
export async function measureStore(file: string): Promise<StoreFigures> {
  await using dir = await TempDir.create("bench-store");
  const copy = dir.join("state.db");
  await copyFile(file, copy);
  // There when the program was killed.
  if (existsSync(`${file}-wal`)) await copyFile(`${file}-wal`, `${copy}-wal`);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL(import.meta.url).pathname, copy],
  }).output();
  const decoder = new TextDecoder();
  if (!success) {
    throw new Error(`Cannot measure "${file}": ${decoder.decode(stderr)}`);
  }
  return JSON.parse(decoder.decode(stdout));
}

/** Path of the state database in a state folder. */
export function stateFile(stateDir: string): string {
  return join(stateDir, "state.db");
}

function take(file: string): StoreFigures {
  const target = targetOf(file);
  const startedAt = performance.now();
  using store = Store.open(file, target);
  const registry = new Registry({ rpoMs: 60_000 });
  for (const row of store.rows()) registry.remember(row);
  const openedAt = performance.now();
  let unchanged = 0;
  for (const { path, fingerprint } of registry.clients()) {
    const facts = readFacts(path);
    if (facts !== null && fingerprintOf(facts) === fingerprint) unchanged++;
  }
  const checkedAt = performance.now();
  const now = Date.now();
  for (const { id, path } of registry.clients()) {
    store.save({ id, path, lastSyncedAt: now });
  }
  store.flush();
  return {
    rows: registry.size,
    openMs: openedAt - startedAt,
    checkMs: checkedAt - openedAt,
    unchanged,
    writeMs: performance.now() - checkedAt,
  };
}

/** The store forgets what was proved of another bucket than it is opened for. */
function targetOf(file: string): string {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const row = db.prepare("SELECT value FROM meta WHERE key = 'target'").get();
    return String(row?.["value"]);
  } finally {
    db.close();
  }
}

if (import.meta.main) console.log(JSON.stringify(take(Deno.args[0]!)));
