import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { type DatabaseFolder, databasePath } from "./databases.ts";
import type { Openers } from "./figures.ts";
import { total } from "./metering_proxy.ts";
import { usageOf } from "./processes.ts";
import type { Run } from "./run.ts";

const PER_MINUTE = 1_000;
/** How long the program may take to look at them, in ms. */
const SETTLE_MS = 60_000;
/** Requests that come late count as well. */
const LATE_MS = 5_000;

/**
 * Has applications open sleeping databases, read them and close them, a
 * thousand a minute. As nobody else has them open, SQLite then moves the WAL
 * into the database and deletes it: the files changed, what is in them did not.
 */
export async function measureOpeners(
  run: Run,
  ids: readonly string[],
): Promise<Openers> {
  const { program, arena: { proxy, databases } } = run;
  const before = usageOf(program.pid).cpuSeconds;
  proxy.reset();
  const startedAt = performance.now();
  let walsDeleted = 0;
  for (const [index, id] of ids.entries()) {
    if (openReadClose(databases, id)) walsDeleted++;
    const nextAt = startedAt + (index + 1) * 60_000 / PER_MINUTE;
    await run.pause(Math.max(0, nextAt - performance.now()));
  }
  const closedAt = performance.now();
  const sinceTold = async () => {
    const told = await run.poll(
      SETTLE_MS,
      async () => await program.allProtected() === true,
    );
    return told ? performance.now() - closedAt : null;
  };
  let protectedMs = await sinceTold();
  await run.pause(LATE_MS);
  // It may have noticed the last of them only now.
  if (await program.allProtected() !== true) protectedMs = await sinceTold();
  const seconds = (performance.now() - startedAt) / 1_000;
  const { counts } = proxy;
  return {
    count: ids.length,
    walsDeleted,
    seconds,
    uploads: counts.PUT ?? 0,
    requests: total(counts),
    cpuPercent: (usageOf(program.pid).cpuSeconds - before) / seconds * 100,
    protectedMs,
  };
}

/** Returns whether that deleted its WAL. */
function openReadClose(databases: DatabaseFolder, id: string): boolean {
  const path = databasePath(databases, id);
  const hadWal = existsSync(`${path}-wal`);
  const db = new DatabaseSync(path, { timeout: 10_000 });
  try {
    db.exec("PRAGMA journal_mode = wal");
    db.prepare("SELECT count(*), max(body) FROM items").get();
  } finally {
    db.close();
  }
  return hadWal && !existsSync(`${path}-wal`);
}
