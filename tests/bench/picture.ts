import type { Figures, Report } from "./figures.ts";
import { total } from "./metering_proxy.ts";
import { totalBytes } from "./processes.ts";
import type { Storm } from "./storm.ts";
import { bySize } from "./table.ts";
import { MB, NAMES, ORDER, rounded } from "./words.ts";

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly value: (figures: Figures) => number | null | undefined;
}

const PANELS: readonly Panel[] = [
  {
    title: "First backup of all",
    unit: "s",
    value: (f) => f.firstBackup ?? f.firstUpload,
  },
  {
    title: "Memory of all processes, idle",
    unit: "MB",
    value: (f) => f.idle && totalBytes(f.idle.processes) / MB,
  },
  {
    title: "S3 requests a minute, idle",
    unit: "",
    value: (f) => f.idle && total(f.idle.requestsPerMinute),
  },
  {
    title: "Processor, idle",
    unit: "% of a core",
    value: (f) => f.idle?.cpuPercent,
  },
  {
    title: "Change to replica, 1% active, median",
    unit: "s",
    value: (f) => f.active && f.active.median / 1_000,
  },
  {
    title: "Start again, unchanged",
    unit: "s",
    value: (f) => f.restartUnchanged?.seconds,
  },
];

const WIDTH = 860;
const MARGIN = 20;
const PANEL_WIDTH = (WIDTH - 3 * MARGIN) / 2;
const BAR = 16;
const GAP = 5;
const LABEL = 132;
const LINE = 17;

/** Draws reports, light or dark as the reader has it. */
export function pictureOf(reports: readonly Report[]): string {
  const parts: string[] = [];
  let y = MARGIN + 16;
  parts.push(text(
    MARGIN,
    y,
    "Litestream Manager and Litestream alone, with the same databases. Shorter is better.",
    "size",
  ));
  y += 8;
  for (const report of reports) {
    const date = report.takenAt.slice(0, 10);
    for (const [count, figures] of bySize(report.runs)) {
      const present = ORDER.flatMap((name) =>
        figures.find(({ contender }) => contender === name) ?? []
      );
      const alone = present.length > 1
        ? ""
        : `, ${NAMES[present[0]!.contender]} alone was run`;
      y += 28;
      parts.push(
        text(MARGIN, y, `${rounded(count)} databases, ${date}${alone}`, "size"),
      );
      y += 12;
      const height = 34 + present.length * (BAR + GAP);
      PANELS.forEach((panel, index) => {
        const x = MARGIN + (index % 2) * (PANEL_WIDTH + MARGIN);
        const top = y + Math.floor(index / 2) * height;
        parts.push(drawPanel(panel, present, { x, y: top }));
      });
      y += Math.ceil(PANELS.length / 2) * height;
    }
    for (const storm of report.storms) {
      y += 28;
      parts.push(text(
        MARGIN,
        y,
        `${rounded(storm.databases)} databases written at once, ${date}`,
        "size",
      ));
      for (const line of stormLines(storm)) {
        parts.push(text(MARGIN, y += LINE + 2, line, "value"));
      }
    }
  }
  y += 14;
  for (const line of notesOf(reports)) {
    parts.push(text(MARGIN, y += LINE, line, "note"));
  }
  const height = y + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Litestream Manager and Litestream alone, measured">
<style>
text { font: 12px system-ui, sans-serif; fill: #1f2933 }
.size { font-size: 15px; font-weight: 600 }
.title { font-weight: 600 }
.value { font-variant-numeric: tabular-nums }
.note, .none { fill: #616e7c }
.ours { fill: #0b7a5c } .peer { fill: #9aa5b1 } .tuned { fill: #c3ccd5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e4e7eb } .note, .none { fill: #9aa5b1 }
  .ours { fill: #34d399 } .peer { fill: #7b8794 } .tuned { fill: #52606d }
}
</style>
${parts.join("\n")}
</svg>
`;
}

function stormLines(storm: Storm): string[] {
  const { lag, writesPerSecond, daemons, peakRssBytes, restored } = storm;
  if (storm.failure !== null) {
    return [`failed: ${storm.failure.split("\n")[0]}`];
  }
  const lines: string[] = [];
  if (lag !== null && writesPerSecond !== null) {
    lines.push(
      `${
        rounded(writesPerSecond)
      } writes a second for ${storm.seconds} s: in the replica after ${
        shown(lag.median / 1_000)
      } s (median), ${shown(lag.p99 / 1_000)} s (99th percentile)`,
    );
  }
  if (daemons !== null && peakRssBytes !== null) {
    lines.push(
      `Litestream daemons: ${daemons}; memory of all processes: ${
        rounded(peakRssBytes / MB)
      } MB at most`,
    );
  }
  if (storm.missing !== null && restored !== null) {
    lines.push(
      `${storm.missing} last writes missing; ${restored.compared} restored and compared, ${restored.wrong.length} differ`,
    );
  }
  return lines;
}

/** Who was measured, and on what. */
function notesOf(reports: readonly Report[]): string[] {
  const notes = [
    'Litestream: "litestream replicate" with "dir" and "watch"; tuned: with "l0-retention-check-interval: 1h".',
    "Idle: nobody writes. 1% active: a hundredth of them is written, at random.",
    "Started again, Litestream counts as ready when it has asked S3 about every database: it does not tell more.",
  ];
  const machines = new Set(reports.map(({ machine, versions, delayMs }) => {
    const { processor, cores, memoryGiB } = machine;
    const far = delayMs > 0 ? `, its answers held back by ${delayMs} ms` : "";
    return `${processor}, ${cores} cores, ${memoryGiB} GiB; S3 server on the same cores${far}; Litestream ${
      versions["Litestream"]
    }`;
  }));
  return [...notes, ...machines];
}

function drawPanel(
  { title, unit, value }: Panel,
  runs: readonly Figures[],
  { x, y }: { x: number; y: number },
): string {
  const parts = [
    text(x, y + 14, unit === "" ? title : `${title}, ${unit}`, "title"),
  ];
  const highest = Math.max(...runs.map((run) => value(run) ?? 0));
  const room = PANEL_WIDTH - LABEL - 60;
  runs.forEach((run, index) => {
    const top = y + 22 + index * (BAR + GAP);
    const middle = top + BAR / 2 + 4;
    const known = value(run);
    parts.push(text(x, middle, NAMES[run.contender], "name"));
    if (known == null) {
      parts.push(
        text(
          x + LABEL,
          middle,
          run.failure === null ? "not measured" : "failed",
          "none",
        ),
      );
      return;
    }
    const width = highest === 0 ? 0 : known / highest * room;
    parts.push(
      `<rect class="${run.contender}" x="${x + LABEL}" y="${top}" width="${
        Math.max(1, width).toFixed(1)
      }" height="${BAR}" rx="2"/>`,
      text(x + LABEL + Math.max(1, width) + 6, middle, shown(known), "value"),
    );
  });
  return parts.join("\n");
}

function shown(value: number): string {
  if (value === 0) return "0";
  if (value < 10) return value.toFixed(value < 1 ? 2 : 1);
  return rounded(value);
}

function text(x: number, y: number, words: string, kind: string): string {
  const safe = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${
    y.toFixed(1)
  }">${safe}</text>`;
}
