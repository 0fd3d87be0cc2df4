import {
  type ClientId,
  databaseStem,
  parseClientId,
} from "../domain/client_id.ts";
import { SNAPSHOT_LEVEL } from "../domain/holding.ts";
import { parseTxid, type Txid } from "../domain/txid.ts";

/** Versions of Litestream whose log lines were tried with this program. */
export const TESTED_VERSIONS: readonly string[] = ["0.5.17"];

/**
 * What a line of the daemon's log says. `at` is the daemon's clock in ms since
 * 1970. Litestream's log is no API: tests/litestream_contract_test.ts fails
 * when a line changes its shape.
 */
export type LogEvent =
  /** The daemon compared the WAL with its last LTX file. */
  | { kind: "verify"; id: ClientId; at: number; saltMatch: boolean }
  /** It begins to write the LTX file `txid`, if there is anything to write. */
  | { kind: "sync"; id: ClientId; at: number; txid: Txid; snapshot: boolean }
  /** The LTX file of the last `sync` was written. */
  | { kind: "synced"; id: ClientId; at: number }
  /** It begins to upload: the replica stands at `replicaTxid`. */
  | {
    kind: "replica";
    id: ClientId;
    at: number;
    replicaTxid: Txid;
    localTxid: Txid;
  }
  | {
    kind: "uploaded";
    id: ClientId;
    at: number;
    level: number;
    txid: Txid;
    bytes: number;
  }
  /** A file of a higher level was uploaded; level 9 is a snapshot. */
  | {
    kind: "compacted";
    id: ClientId;
    at: number;
    level: number;
    txid: Txid;
    bytes: number;
  }
  /** It is about to delete the file that ends at `txid` from the replica. */
  | {
    kind: "deleting";
    id: ClientId;
    at: number;
    level: number;
    txid: Txid;
  }
  /** A request to S3, for a client; `LIST` stands for a GET that lists. */
  | { kind: "request"; method: string; client: ClientId | null }
  /** A failure of one client, in Litestream's words. */
  | {
    kind: "error";
    id: ClientId;
    at: number;
    message: string;
    hint: string | null;
  }
  /** The daemon's memory, told by the process beside it; see daemon_command.ts. */
  | { kind: "memory"; rssBytes: number }
  /** A warning or error that is no client's. */
  | { kind: "notice"; message: string };

/** How the line about memory begins. */
export const MEMORY_PREFIX = "rss-pages ";
const PAGE_BYTES = 4096;

/**
 * Reads a line of the daemon's JSON log; null when it tells nothing that we
 * need. There are about eight lines a second for each client that is awake, so
 * lines are told apart by their text before they are parsed.
 *
 * @param wantsVerify whether a client waits for its verdict: its lines "verify"
 * and "sync" come every second and are passed over otherwise
 */
export function parseLogLine(
  line: string,
  wantsVerify: (id: ClientId) => boolean = () => true,
): LogEvent | null {
  if (line.startsWith(MEMORY_PREFIX)) {
    const pages = Number(line.slice(MEMORY_PREFIX.length));
    return pages > 0 ? { kind: "memory", rssBytes: pages * PAGE_BYTES } : null;
  }
  const msg = textAfter(line, `"msg":"`);
  if (msg === null) return null;
  if (msg === "s3 request") {
    const method = textAfter(line, `"method":"`);
    if (method === null) return null;
    // A list costs as much as a write, twelve times what a read does.
    const lists = method === "GET" && LISTING.test(line);
    // Deleting in batches has no key in its URL: the database's name is in all.
    const client = clientOf(line);
    return { kind: "request", method: lists ? "LIST" : method, client };
  }
  if (msg === "deleting ltx file") return readDeleting(line);
  const failed = line.includes(`"level":"ERROR"`) ||
    line.includes(`"level":"WARN"`);
  if (!failed && !NEEDED.has(msg)) return null;

  const id = clientOf(line);
  if (id === null) {
    const expected = msg.startsWith("no databases specified");
    return failed && !expected
      ? { kind: "notice", message: noticeOf(line, msg) }
      : null;
  }
  if (!failed && EVERY_SECOND.has(msg) && !wantsVerify(id)) return null;

  const fields = parseFields(line);
  if (fields === null) return null;
  const at = Date.parse(textOf(fields.time));
  // A line without a time cannot be told from one of an earlier registration.
  if (Number.isNaN(at)) return null;
  switch (msg) {
    case "verify":
      return { kind: "verify", id, at, saltMatch: fields.saltMatch === true };
    case "sync": {
      const txid = parseTxid(textOf(fields.txid));
      const snapshot = fields.snap === "true" || fields.snap === true;
      return txid && { kind: "sync", id, at, txid, snapshot };
    }
    case "db sync":
      return fields.status === "ok" ? { kind: "synced", id, at } : null;
    case "replica sync": {
      const txids = fields.txid as { replica?: unknown; db?: unknown } | null;
      const replicaTxid = parseTxid(textOf(txids?.replica));
      const localTxid = parseTxid(textOf(txids?.db));
      if (replicaTxid === null || localTxid === null) return null;
      return { kind: "replica", id, at, replicaTxid, localTxid };
    }
    case "ltx file uploaded": {
      const txid = parseTxid(textOf(fields.maxTXID));
      const { level, size: bytes } = fields;
      if (typeof level !== "number" || typeof bytes !== "number") return null;
      return txid && { kind: "uploaded", id, at, level, txid, bytes };
    }
    case "compaction complete": {
      const txid = parseTxid(
        textOf((fields.txid as { max?: unknown } | null)?.max),
      );
      const { level, size: bytes } = fields;
      if (typeof level !== "number" || typeof bytes !== "number") return null;
      return txid && { kind: "compacted", id, at, level, txid, bytes };
    }
    case "snapshot complete": {
      const txid = parseTxid(textOf(fields.txid));
      const { size: bytes } = fields;
      if (typeof bytes !== "number") return null;
      const level = SNAPSHOT_LEVEL;
      return txid && { kind: "compacted", id, at, level, txid, bytes };
    }
  }
  const message = fields.error === undefined
    ? msg
    : `${msg}: ${textOf(fields.error)}`;
  const hint = typeof fields.hint === "string" ? fields.hint : null;
  return { kind: "error", id, at, message, hint };
}

/** In a URL that stands in JSON, where `&` may be escaped. */
const LISTING = /(?:\?|&|\\u0026)list-type=2/;
const EVERY_SECOND = new Set(["verify", "sync"]);
const NEEDED = new Set([
  ...EVERY_SECOND,
  "db sync",
  "replica sync",
  "ltx file uploaded",
  "compaction complete",
  "snapshot complete",
]);

/** Whose database a line is about, by its text alone. */
function clientOf(line: string): ClientId | null {
  const db = textAfter(line, `"db":"`);
  const stem = db === null ? null : databaseStem(db);
  return stem === null ? null : parseClientId(stem);
}

/** There is a line for each file, so it is not parsed either. */
function readDeleting(line: string): LogEvent | null {
  const id = clientOf(line);
  const txid = parseTxid(textAfter(line, `"maxTXID":"`) ?? "");
  // The first "level" of the line is how grave it is.
  const level = /:\{"level":(\d),/.exec(line)?.[1];
  const at = Date.parse(textAfter(line, `"time":"`) ?? "");
  if (id === null || txid === null || level === undefined) return null;
  if (Number.isNaN(at)) return null;
  return { kind: "deleting", id, at, level: Number(level), txid };
}

function noticeOf(line: string, msg: string): string {
  const error = parseFields(line)?.error;
  return error === undefined ? msg : `${msg}: ${textOf(error)}`;
}

/** A text as it is, anything else as JSON: an object may have no text of its own. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}

function parseFields(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line);
  } catch (error) {
    // The last line of a daemon that was killed may be cut off.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The text between a mark and the next quote; null without the mark. */
function textAfter(line: string, mark: string): string | null {
  const start = line.indexOf(mark);
  if (start < 0) return null;
  const from = start + mark.length;
  return line.slice(from, line.indexOf(`"`, from));
}
