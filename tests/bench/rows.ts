import type { Figures, Spread } from "./figures.ts";
import { type RequestCounts, total } from "./metering_proxy.ts";
import { type ProcessGroups, totalBytes } from "./processes.ts";
import {
  MB,
  MISSING,
  oneDecimal,
  partsText,
  requestsText,
  rounded,
  spreadText,
} from "./words.ts";

/** One line of the table. */
export interface Row {
  readonly what: string;
  /** For ratios; null where there is none. */
  readonly value: (figures: Figures) => number | null | undefined;
  readonly show: (figures: Figures) => string | null;
}

const twoDecimals = (value: number) => value.toFixed(2);

/** All that is told of one number of databases. */
export const ROWS: readonly Row[] = [
  row("first backup: all uploaded, s", (f) => f.firstUpload, oneDecimal),
  row(
    "first backup: all told as protected, s",
    (f) =>
      f.firstBackup ??
        (f.contender === "ours" && f.firstUpload !== null ? Infinity : null),
    oneDecimal,
  ),
  textRow("  median of, s", (f) => roundsText(f)),
  requestsRow("first backup: S3 requests", (f) => f.firstBackupRequests),
  row(
    "first backup: processor time, s",
    (f) => f.firstBackupCpuSeconds,
    oneDecimal,
  ),
  textRow("  of which", (f) =>
    f.firstBackupCpu &&
    partsText(f.firstBackupCpu, { atLeast: 0.05, show: oneDecimal })),
  row(
    "first backup: peak memory, MB",
    (f) => f.peakRssBytes && f.peakRssBytes / MB,
    rounded,
  ),
  row(
    "idle: memory of all processes, MB",
    (f) => f.idle && totalBytes(f.idle.processes) / MB,
    rounded,
  ),
  textRow("  of which", (f) => f.idle && memoryText(f.idle.processes)),
  row("idle: processor, % of a core", (f) => f.idle?.cpuPercent, oneDecimal),
  requestsRow("idle: S3 requests a minute", (f) => f.idle?.requestsPerMinute),
  row("idle: open files", (f) => f.idle?.openFiles, rounded),
  row("idle: inotify watches", (f) => f.idle?.inotifyWatches, rounded),
  row(
    "disk beside the databases, MB",
    (f) => f.diskBytes && f.diskBytes / MB,
    oneDecimal,
  ),
  textRow(
    "only read: databases, in s",
    (f) =>
      f.openers &&
      `${rounded(f.openers.count)} in ${rounded(f.openers.seconds)}`,
  ),
  row(
    "only read: WALs that SQLite deleted",
    (f) => f.openers?.walsDeleted,
    rounded,
  ),
  row("only read: uploads", (f) => f.openers?.uploads, rounded),
  row("only read: S3 requests", (f) => f.openers?.requests, rounded),
  row(
    "only read: processor, % of a core",
    (f) => f.openers?.cpuPercent,
    oneDecimal,
  ),
  row(
    "only read: all protected again after, s",
    (f) => f.openers && (f.openers.protectedMs ?? Infinity) / 1_000,
    twoDecimals,
  ),
  spreadRow("change to replica, idle database, s", (f) => f.asleep),
  spreadRow("change to replica, just written, s", (f) => f.awake),
  spreadRow("change to replica, 1% active, s", (f) => f.active),
  row("1% active: databases", (f) => f.activeDatabases, rounded),
  row(
    "1% active: processor, % of a core",
    (f) => f.activeCpuPercent,
    oneDecimal,
  ),
  restartRow("start again, unchanged, s", (f) => f.restartUnchanged),
  requestsRow(
    "start again, unchanged: S3 requests",
    (f) => f.restartUnchanged?.requests,
  ),
  restartRow("start again, 1% changed, s", (f) => f.restartChanged),
  requestsRow(
    "start again, 1% changed: S3 requests",
    (f) => f.restartChanged?.requests,
  ),
  row(
    "state database: opened and read, s",
    (f) => f.store && f.store.openMs / 1_000,
    twoDecimals,
  ),
  textRow("state database: fingerprints checked, s", (f) =>
    f.store &&
    `${twoDecimals(f.store.checkMs / 1_000)} (${
      rounded(f.store.unchanged)
    } of ${rounded(f.store.rows)} hold)`),
  row(
    "state database: all rows written, s",
    (f) => f.store && f.store.writeMs / 1_000,
    twoDecimals,
  ),
  spreadRow("front page, first byte, s", (f) => f.frontPage?.firstByte),
  row(
    "front page, KB of HTML",
    (f) => f.frontPage && f.frontPage.htmlBytes / 1_000,
    rounded,
  ),
  textRow("load of the machine before", loadText),
];

/** The load of the machine before it began, and whether that was over. */
export function loadText(
  { loadBefore, quietBefore = true }: Pick<
    Figures,
    "loadBefore" | "quietBefore"
  >,
): string {
  return oneDecimal(loadBefore) + (quietBefore ? "" : ", not quiet");
}

/** Null in reports that were written before there were rounds, too. */
function roundsText(
  { rounds = [], contender }: Partial<Figures>,
): string | null {
  if (rounds.length < 2) return null;
  return rounds.map((round) => {
    // Ours is not done before it says so.
    const seconds = round &&
      (contender === "ours" ? round.told : round.uploaded);
    return seconds === null ? MISSING : oneDecimal(seconds);
  }).join(", ");
}

/** In MB; several processes of a name are told. */
export function memoryText(processes: ProcessGroups): string {
  const parts = Object.entries(processes).map(([name, { count, rssBytes }]) => [
    count === 1 ? name : `${count} ${name}`,
    rssBytes / MB,
  ]);
  return partsText(Object.fromEntries(parts), { atLeast: 3, show: rounded });
}

function row(
  what: string,
  value: Row["value"],
  format: (value: number) => string,
): Row {
  return {
    what,
    value,
    show: (figures) => {
      const known = value(figures);
      if (known == null) return null;
      return known === Infinity ? MISSING : format(known);
    },
  };
}

/** One that has no ratio. */
function textRow(what: string, show: Row["show"]): Row {
  return { what, value: () => null, show };
}

function restartRow(
  what: string,
  value: (figures: Figures) => Figures["restartUnchanged"],
): Row {
  const seconds = (figures: Figures) => {
    const restart = value(figures);
    return restart && (restart.seconds ?? Infinity);
  };
  return row(what, seconds, twoDecimals);
}

function requestsRow(
  what: string,
  value: (figures: Figures) => RequestCounts | null | undefined,
): Row {
  return {
    what,
    value: (figures) => {
      const counts = value(figures);
      return counts == null ? null : total(counts);
    },
    show: (figures) => {
      const counts = value(figures);
      return counts == null ? null : requestsText(counts);
    },
  };
}

/** The ratio is that of the medians. */
function spreadRow(
  what: string,
  value: (figures: Figures) => Spread | null | undefined,
): Row {
  return {
    what,
    value: (figures) => value(figures)?.median,
    show: (figures) => {
      const spread = value(figures);
      return spread == null ? null : spreadText(spread);
    },
  };
}
