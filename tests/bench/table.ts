import type { Figures, Report } from "./figures.ts";
import { loadText, ROWS } from "./rows.ts";
import type { Storm } from "./storm.ts";
import { stormVerdicts, type Verdict, verdictsOf } from "./targets.ts";
import {
  align,
  MB,
  MISSING,
  NAMES,
  ORDER,
  partsText,
  rounded,
  spreadText,
} from "./words.ts";

const LEGEND = `
Litestream: "litestream replicate" with "dir" and "watch" over the same databases; tuned: with
"l0-retention-check-interval: 1h". All ran one after the other, each with fresh files. Times to
the replica are median / 99th percentile, from a write until S3 has answered the PUT of it. Idle:
nobody writes. Only read: sleeping databases that an application opened, read and closed, whereby
SQLite deletes the WAL. "ours / peer" below 1 is in our favour. Started again, Litestream counts
as ready when it has asked S3 about every database: it does not say more. Of several first
backups the median counts; their requests, processor time and memory are those of the first.`
  .trim();

/** Reports as text: a table for each number of databases, then the targets. */
export function tableOf(reports: readonly Report[]): string {
  const lines: string[] = [];
  for (const report of reports) {
    lines.push(...headOf(report));
    for (const [count, figures] of bySize(report.runs)) {
      lines.push("", ...sizeTable(count, figures));
    }
    for (const storm of report.storms) lines.push("", ...stormTable(storm));
    lines.push("");
  }
  return [...lines, LEGEND].join("\n");
}

export function bySize(runs: readonly Figures[]): Map<number, Figures[]> {
  return Map.groupBy(runs, ({ databases }) => databases);
}

function headOf({ machine, versions, takenAt, delayMs, quick }: Report) {
  const { processor, cores, memoryGiB, system } = machine;
  const far = delayMs > 0 ? `, S3 held back by ${delayMs} ms` : "";
  return [
    `${processor}, ${cores} cores, ${memoryGiB} GiB, ${system}; the S3 server on the same cores`,
    Object.entries(versions).map((pair) => pair.join(" ")).join(", ") +
    `, taken ${takenAt}${far}${quick ? ", quick" : ""}`,
  ];
}

function sizeTable(count: number, runs: readonly Figures[]): string[] {
  const ordered = ORDER.flatMap((name) =>
    runs.find(({ contender }) => contender === name) ?? []
  );
  const ours = ordered.find(({ contender }) => contender === "ours");
  const others = ordered.filter(({ contender }) => contender !== "ours");
  const rows: string[][] = [[
    `${rounded(count)} databases`,
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
      return Number.isFinite(own / theirs) ? (own / theirs).toFixed(2) : "";
    });
    rows.push([what, ...shown.map((text) => text ?? "-"), ...ratios]);
  }
  const lines = align(rows);
  for (const { contender, failure } of ordered) {
    if (failure !== null) {
      lines.push(`${NAMES[contender]} failed: ${firstWords(failure)}`);
    }
  }
  if (others.length === 0) {
    lines.push("Litestream alone was not run with this many.");
  }
  if (ours === undefined) return lines;
  const peer = others.find(({ contender }) => contender === "peer");
  return [...lines, "", ...targetTable(verdictsOf(ours, peer))];
}

function stormTable(storm: Storm): string[] {
  const { wakes, lag, cpuPercent, peakRssBy, restored } = storm;
  const or = (text: string | null | undefined) => text ?? "-";
  const lines = align([
    [`All of ${rounded(storm.databases)} databases written at once`, "ours"],
    [
      "first write to each, all asleep, in the replica, s",
      or(wakes && spreadText(wakes)),
    ],
    [`then each every 2 to 5 s, for, s`, rounded(storm.seconds)],
    ["writes a second", or(storm.writesPerSecond?.toFixed(0))],
    ["change to replica, s", or(lag && spreadText(lag))],
    [
      "told as protected, on average",
      or(
        storm.protectedShare === null
          ? null
          : `${(storm.protectedShare * 100).toFixed(1)}%`,
      ),
    ],
    [
      "lagging or failing at one time, most",
      or(storm.worstTrouble?.toString()),
    ],
    ["Litestream daemons", or(storm.daemons?.toString())],
    [
      "peak memory of all processes, MB",
      or(
        storm.peakRssBytes === null ? null : rounded(storm.peakRssBytes / MB),
      ),
    ],
    [
      "  of which",
      or(
        peakRssBy &&
          partsText(peakRssBy, { atLeast: MB, show: (n) => rounded(n / MB) }),
      ),
    ],
    [
      "processor, % of a core",
      or(
        cpuPercent && partsText(cpuPercent, { atLeast: 0.5, show: rounded }),
      ),
    ],
    [
      "after the last write, all protected, s",
      storm.missing === null
        ? "-"
        : storm.protectedAfter?.toFixed(2) ?? MISSING,
    ],
    ["last writes that are missing", or(storm.missing?.toString())],
    [
      "restored and compared row by row",
      or(
        restored && `${restored.compared}, ${restored.wrong.length} differ`,
      ),
    ],
    ["load of the machine before", loadText(storm)],
  ]);
  if (storm.failure !== null) {
    lines.push(`failed: ${firstWords(storm.failure)}`);
  }
  if (storm.trouble != null) lines.push(`  first seen: ${storm.trouble}`);
  for (const words of restored?.wrong ?? []) lines.push(`  ${words}`);
  return [...lines, "", ...targetTable(stormVerdicts(storm))];
}

function targetTable(verdicts: readonly Verdict[]): string[] {
  return align([
    ["Targets", "limit", "measured", ""],
    ...verdicts.map(({ what, limit, measured, isMet }) => [
      what,
      limit,
      measured,
      isMet ? "ok" : "MISSED",
    ]),
  ]);
}

function firstWords(failure: string): string {
  const [first, ...rest] = failure.split("\n").filter((line) => line !== "");
  return [first, ...rest.slice(0, 1)].join(": ");
}
