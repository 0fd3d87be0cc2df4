import type { ContenderName } from "./contender.ts";
import type { Figures, Report, Spread } from "./figures.ts";
import { type RequestCounts, total } from "./metering_proxy.ts";
import { totalBytes } from "./processes.ts";
import { verdictsOf } from "./targets.ts";

export const NAMES: Readonly<Record<ContenderName, string>> = {
  ours: "Litestream Manager",
  peer: "Litestream",
  tuned: "Litestream, tuned",
};

interface Row {
  readonly what: string;
  /** For ratios; null where there is none. */
  readonly value: (figures: Figures) => number | null | undefined;
  readonly show: (figures: Figures) => string | null;
}

const MIB = 1 << 20;

/** The report as text: a table for each number of databases, then the targets. */
export function tableOf(report: Report): string {
  const { machine, versions, runs, takenAt, delayMs } = report;
  const lines = [
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}`,
    Object.entries(versions).map((pair) => pair.join(" ")).join(", ") +
    `, ${takenAt}` + (delayMs > 0 ? `, S3 held back by ${delayMs} ms` : ""),
  ];
  for (const [count, figures] of bySize(runs)) {
    lines.push("", ...sizeTable(count, figures));
  }
  return lines.join("\n");
}

export function bySize(runs: readonly Figures[]): Map<number, Figures[]> {
  return Map.groupBy(runs, ({ databases }) => databases);
}

function sizeTable(count: number, runs: readonly Figures[]): string[] {
  const ours = runs.find(({ contender }) => contender === "ours");
  const others = runs.filter(({ contender }) => contender !== "ours");
  const ordered = ours === undefined ? others : [ours, ...others];
  const rows: string[][] = [[
    `${count.toLocaleString("en")} databases`,
    ...ordered.map(({ contender }) => NAMES[contender]),
    ...ours === undefined
      ? []
      : others.map(({ contender }) => `ours / ${contender}`),
  ]];
  for (const { what, value, show } of ROWS) {
    const shown = ordered.map((figures) => show(figures));
    if (shown.every((text) => text === null)) continue;
    const own = ours && value(ours);
    const ratios = ours === undefined ? [] : others.map((other) => {
      const theirs = value(other);
      if (own == null || theirs == null || theirs === 0) return "";
      return (own / theirs).toFixed(2);
    });
    rows.push([what, ...shown.map((text) => text ?? "-"), ...ratios]);
  }
  const lines = align(rows);
  for (const { contender, failure } of runs) {
    if (failure === null) continue;
    const [first, ...rest] = failure.split("\n").filter((line) => line !== "");
    lines.push(`${NAMES[contender]} failed: ${[first, rest[0]].join(": ")}`);
  }
  if (ours !== undefined) {
    const peer = runs.find(({ contender }) => contender === "peer");
    const verdicts = verdictsOf(ours, peer);
    lines.push(
      "",
      ...align([
        ["Targets", "limit", "measured", ""],
        ...verdicts.map(({ what, limit, measured, isMet }) => [
          what,
          limit,
          measured,
          isMet ? "ok" : "MISSED",
        ]),
      ]),
    );
  }
  return lines;
}

const ROWS: readonly Row[] = [
  row("all uploaded, s", (f) => f.firstUpload, (n) => n.toFixed(1)),
  row("all told as protected, s", (f) => f.firstBackup, (n) => n.toFixed(1)),
  requestsRow("S3 requests for that", (f) => f.firstBackupRequests),
  row(
    "processor time for that, s",
    (f) => f.firstBackupCpuSeconds,
    (n) => n.toFixed(1),
  ),
  row("peak memory for that, MiB", (f) => inMib(f.peakRssBytes), rounded),
  row(
    "idle: memory, MiB",
    (f) => f.idle && totalBytes(f.idle.rssBytes) / MIB,
    rounded,
  ),
  {
    what: "idle: of which",
    value: () => null,
    show: (f) =>
      f.idle && Object.entries(f.idle.rssBytes)
        .filter(([, bytes]) => bytes > 5 * MIB)
        .map(([name, bytes]) => `${name} ${rounded(bytes / MIB)}`).join(" "),
  },
  row(
    "idle: processor, % of a core",
    (f) => f.idle?.cpuPercent,
    (n) => n.toFixed(1),
  ),
  requestsRow(
    "idle: S3 requests a minute",
    (f) => f.idle && f.idle.requestsPerMinute,
  ),
  row("idle: open files", (f) => f.idle?.openFiles, rounded),
  row("idle: inotify watches", (f) => f.idle?.inotifyWatches, rounded),
  row(
    "disk beside the databases, MiB",
    (f) => inMib(f.diskBytes),
    (n) => n.toFixed(1),
  ),
  spreadRow("change to replica, idle database, s", (f) => f.asleep),
  spreadRow("change to replica, just written, s", (f) => f.awake),
  spreadRow("change to replica, 1% active, s", (f) => f.active),
  row("1% active: processor, %", (f) => f.activeCpuPercent, rounded),
  row(
    "start again, unchanged, s",
    (f) => f.restartUnchanged?.seconds,
    (n) => n.toFixed(2),
  ),
  requestsRow("S3 requests for that", (f) => f.restartUnchanged?.requests),
  row(
    "start again, 1% changed, s",
    (f) => f.restartChanged?.seconds,
    (n) => n.toFixed(2),
  ),
  requestsRow("S3 requests for that", (f) => f.restartChanged?.requests),
  spreadRow("front page, first byte, s", (f) => f.frontPage?.firstByte),
  row(
    "front page, KB of HTML",
    (f) => f.frontPage && f.frontPage.htmlBytes / 1_000,
    rounded,
  ),
  row("load of the machine before", (f) => f.loadBefore, (n) => n.toFixed(1)),
];

function row(
  what: string,
  value: Row["value"],
  format: (value: number) => string,
): Row {
  return {
    what,
    value: what.startsWith("load") ? () => null : value,
    show: (figures) => {
      const known = value(figures);
      return known == null ? null : format(known);
    },
  };
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
      if (counts == null) return null;
      const kinds = Object.entries(counts).filter(([, n]) => n > 0);
      if (kinds.length === 0) return "0";
      return kinds.sort(([, a], [, b]) => b - a)
        .map(([kind, n]) => `${n} ${kind}`).join(" ");
    },
  };
}

/** Median and 99th percentile, in seconds. */
function spreadRow(
  what: string,
  value: (figures: Figures) => Spread | null | undefined,
): Row {
  return {
    what,
    value: (figures) => value(figures)?.median,
    show: (figures) => {
      const spread = value(figures);
      if (spread == null) return null;
      const { median, p99, missing } = spread;
      const times = [median, p99].map((ms) =>
        (ms / 1_000).toFixed(ms < 100 ? 3 : 2)
      );
      return times.join(" / ") + (missing > 0 ? ` (${missing} missing)` : "");
    },
  };
}

function inMib(bytes: number | null): number | null {
  return bytes === null ? null : bytes / MIB;
}

function rounded(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function align(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map((cells) => cells.length));
  const widths = Array.from(
    { length: columns },
    (_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const lines = rows.map((cells) =>
    cells.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)
    ).join("  ").trimEnd()
  );
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  return lines;
}
