import {
  type Client,
  type FileFacts,
  fingerprintOf,
} from "../domain/client.ts";
import type { Drill } from "../domain/drill.ts";
import { sleep } from "../domain/sleep.ts";
import { errorHint } from "../litestream/error_hint.ts";
import { LitestreamError } from "../litestream/litestream_error.ts";

/** What a drill needs of the world. */
export interface DrillPorts {
  /** See `restoreOnce` in lib/litestream. */
  restore(
    client: Client,
    options: { readonly check: boolean; readonly signal: AbortSignal },
    use: (path: string) => Promise<string | null>,
  ): Promise<string | null>;
  /** See `pageDigest`. */
  digest(
    path: string,
    options: { readonly signal: AbortSignal },
  ): Promise<string | null>;
  /** Null when the file is gone. */
  facts(path: string): FileFacts | null;
  /** How much room there is for what is restored, in bytes. */
  freeBytes(): number;
  now(): number;
}

/** How a drill ended that says nothing of the replica. */
export interface Inconclusive {
  readonly result: null;
  /** Why, for the log and the client's page. */
  readonly reason: string;
  /** Whether others are likely to end the same way: it is not this client's matter. */
  readonly isGeneral: boolean;
}

export interface DrillOptions {
  /** Ends it; also when anything about the client changes. */
  readonly signal: AbortSignal;
  /** How long after a restore that failed the other try comes, in ms. @default {5000} */
  readonly pauseMs?: number;
}

/** What a store that answers takes at most, and for each MiB, in ms. */
const LEAST_MS = 60_000;
const PER_MIB_MS = 1_000;
/** A file that Litestream removes while it restores is a matter of a moment. */
const PAUSE_MS = 5_000;
/** The pages of a WAL are held in memory while they are compared. */
const MOST_WAL_BYTES = 64 << 20;
/** What stays free for others on the disk, in bytes. */
const RESERVE_BYTES = 256 << 20;

/** How long one restore may take, in ms. */
export function restoreBoundMs(sizeBytes: number): number {
  return LEAST_MS + sizeBytes / (1 << 20) * PER_MIB_MS;
}

/**
 * Restores a client that sleeps and is proved, from its replica alone, and compares
 * what comes out with the database, page by page. Trouble on the way to the store or
 * on this machine is no verdict on the replica, nor is a database that is written
 * meanwhile; what Litestream cannot restore for any other reason has to fail twice.
 *
 * @returns how it ended; `signal` has it throw
 */
export async function drill(
  client: Client,
  ports: DrillPorts,
  { signal, pauseMs = PAUSE_MS }: DrillOptions,
): Promise<Drill | Inconclusive> {
  const { path, fingerprint, txid } = client;
  const present = ports.facts(path);
  if (txid === null || present === null) return inconclusive(WRITTEN);
  const walBytes = Math.max(0, Number(present.walSize));
  if (walBytes > MOST_WAL_BYTES) return inconclusive("its WAL is too long");
  if (
    ports.freeBytes() < Number(present.size) + walBytes + RESERVE_BYTES
  ) return inconclusive("there is no room for a copy beside the state");

  let restored = await restore(client, ports, { check: true, signal });
  if (restored.kind === "failed") {
    const { words } = restored;
    // Its pages tell whether the database is damaged, or the replica.
    const check = !isOfCheck(words);
    if (check) await sleep(pauseMs, { signal });
    restored = await restore(client, ports, { check, signal });
    if (restored.kind === "restored" && isBroken(words)) {
      restored = { ...restored, damage: words };
    }
  }
  if (restored.kind === "inconclusive") return restored;

  const told = (result: Drill["result"], problem: string | null): Drill => ({
    at: ports.now(),
    result,
    txid,
    problem,
  });
  if (restored.kind === "failed") return told("refuted", restored.words);
  const digest = await ports.digest(path, { signal });
  signal.throwIfAborted();
  const facts = ports.facts(path);
  if (facts === null || fingerprintOf(facts) !== fingerprint) {
    return inconclusive(WRITTEN);
  }
  if (digest === null) return inconclusive("the database cannot be read");
  if (restored.digest !== digest) {
    return told("refuted", "What was restored is not what the database is");
  }
  const { damage } = restored;
  return damage === null ? told("passed", null) : told("damaged", damage);
}

const WRITTEN = "the database was written meanwhile";

/** How one restore went. */
type Restored =
  | {
    readonly kind: "restored";
    readonly digest: string | null;
    /** What SQLite's check found before. */
    readonly damage: string | null;
  }
  | { readonly kind: "failed"; readonly words: string }
  | Inconclusive & { readonly kind: "inconclusive" };

async function restore(
  client: Client,
  { restore, digest }: DrillPorts,
  { check, signal }: { check: boolean; signal: AbortSignal },
): Promise<Restored> {
  const bound = AbortSignal.timeout(restoreBoundMs(client.sizeBytes));
  const either = AbortSignal.any([signal, bound]);
  try {
    const found = await restore(
      client,
      { check, signal: either },
      (path) => digest(path, { signal: either }),
    );
    return { kind: "restored", digest: found, damage: null };
  } catch (error) {
    signal.throwIfAborted();
    const words = (error as Error).message;
    const isVerdict = error instanceof LitestreamError && !bound.aborted &&
      !isPassing(words);
    if (isVerdict) return { kind: "failed", words };
    const reason = bound.aborted ? "the store took too long" : words;
    return { kind: "inconclusive", ...inconclusive(reason, !bound.aborted) };
  }
}

function inconclusive(reason: string, isGeneral = false): Inconclusive {
  return { result: null, reason, isGeneral };
}

/** This machine's trouble, in the words of Go and SQLite. */
const LOCAL =
  /no space left|disk (is )?full|quota|cannot allocate|out of memory|permission denied|read-only|input\/output error|file too large|too many open files|temporarily unavailable/i;

/** Of a connection, in the words of Go's and AWS's clients. */
const CONNECTION =
  /request send failed|(Get|Head) "http|(read|write|dial) tcp|time(d )?out|broken pipe|stream error|GOAWAY|http2:|StatusCode: 429/i;
/** A bucket that is not there holds no backup, nor does an archive that has to be asked first. */
const LOST = /NoSuchBucket|InvalidObjectState/;

/**
 * Whether it says nothing of the replica. A file that is cut off ends early, as a
 * connection may.
 */
function isPassing(words: string): boolean {
  if (LOST.test(words)) return false;
  if (CONNECTION.test(words) || LOCAL.test(words)) return true;
  return errorHint(words.replace(/\bEOF\b/g, "")).kind === "store";
}

/** SQLite's check found something, as Litestream 0.5.17 words it. */
function isBroken(words: string): boolean {
  return /integrity check failed/.test(words);
}

/** Or could not be run: an application may have collations of its own. */
function isOfCheck(words: string): boolean {
  return /integrity check/.test(words);
}
