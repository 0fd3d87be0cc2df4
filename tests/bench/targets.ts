import type { Figures } from "./figures.ts";
import { total } from "./metering_proxy.ts";
import { totalBytes } from "./processes.ts";
import type { Storm } from "./storm.ts";
import { MB, MISSING } from "./words.ts";

/** A promise of the project and whether it was kept. */
export interface Verdict {
  readonly what: string;
  readonly limit: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** Collects verdicts; what was not measured gives none. */
class Verdicts {
  readonly list: Verdict[] = [];

  atMost(
    what: string,
    value: number | null | undefined,
    limit: number,
    show: (value: number) => string,
  ): void {
    if (value == null) return;
    this.list.push({
      what,
      limit: `<= ${show(limit)}`,
      measured: value === Infinity ? MISSING : show(value),
      isMet: value <= limit,
    });
  }

  atLeast(
    what: string,
    value: number,
    limit: number,
    show: (value: number) => string,
  ): void {
    const isMet = value >= limit;
    this.list.push({
      what,
      limit: `>= ${show(limit)}`,
      measured: show(value),
      isMet,
    });
  }
}

const seconds = (value: number) => `${value.toFixed(2)} s`;
const milliseconds = (value: number) => seconds(value / 1_000);
const percent = (value: number) => `${value.toFixed(1)}% of a core`;
const ratio = (value: number) => value.toFixed(2);
const megabytes = (value: number) => `${value.toFixed(0)} MB`;

/** Holds our figures against the targets for their number of databases; `peer` gives the ratios. */
export function verdictsOf(
  ours: Figures,
  peer: Figures | undefined,
): Verdict[] {
  const verdicts = new Verdicts();
  const n = ours.databases;
  const small = n <= 1_000, large = n > 10_000;

  if (ours.failure !== null) {
    verdicts.atMost("failures of the whole run", 1, 0, String);
  }
  if (ours.firstUpload !== null) {
    const own = ours.firstBackup ?? Infinity;
    if (!small) {
      verdicts.atLeast(
        "first backup, databases a second",
        n / own,
        65,
        (rate) => rate.toFixed(0),
      );
    } else if (peer?.firstUpload != null) {
      verdicts.atMost(
        "first backup of all, of Litestream's time",
        own / peer.firstUpload,
        1,
        ratio,
      );
    }
  }
  if (ours.idle !== null) {
    const { processes, cpuPercent, requestsPerMinute } = ours.idle;
    const bytes = totalBytes(processes);
    verdicts.atMost(
      "idle: memory of all processes",
      bytes / MB,
      small ? 150 : large ? 450 : 200,
      megabytes,
    );
    if (small && peer?.idle != null) {
      verdicts.atMost(
        "idle: memory, of Litestream's",
        bytes / totalBytes(peer.idle.processes),
        1 / 3,
        ratio,
      );
    }
    verdicts.atMost(
      "idle: S3 requests a minute",
      total(requestsPerMinute),
      large ? 1 : 0,
      String,
    );
    verdicts.atMost("idle: processor", cpuPercent, large ? 3 : 1, percent);
  }
  if (ours.openers !== null) {
    const { uploads, requests, protectedMs } = ours.openers;
    verdicts.atMost("only read: uploads", uploads, 0, String);
    // The whole fleet has that time too.
    verdicts.atMost("only read: S3 requests", requests, large ? 2 : 0, String);
    verdicts.atMost(
      "only read: all protected again after",
      protectedMs ?? Infinity,
      60_000,
      milliseconds,
    );
  }
  const changes = [
    ["idle database", ours.asleep],
    ["just written", ours.awake],
    ["1% active", ours.active],
  ] as const;
  for (const [name, spread] of changes) {
    if (spread === null) continue;
    verdicts.atMost(
      `change to replica, ${name}, median`,
      spread.median,
      2_000,
      milliseconds,
    );
    verdicts.atMost(
      `change to replica, ${name}, 99th percentile`,
      spread.missing > 0 ? Infinity : spread.p99,
      large ? 5_000 : 3_000,
      milliseconds,
    );
  }
  if (ours.restartUnchanged !== null) {
    verdicts.atMost(
      "start again, unchanged",
      ours.restartUnchanged.seconds ?? Infinity,
      small ? 1 : large ? 5 : 2,
      seconds,
    );
    verdicts.atMost(
      "start again, unchanged: S3 requests",
      total(ours.restartUnchanged.requests),
      0,
      String,
    );
  }
  if (ours.store !== null) {
    const { rows, openMs, checkMs, unchanged } = ours.store;
    verdicts.atMost(
      "state database opened, all fingerprints checked",
      openMs + checkMs,
      3_000,
      milliseconds,
    );
    verdicts.atLeast("fingerprints that still hold", unchanged, rows, String);
  }
  if (ours.frontPage !== null) {
    verdicts.atMost(
      "front page, first byte, median",
      ours.frontPage.firstByte.median,
      large ? 100 : 50,
      (value) => `${value.toFixed(0)} ms`,
    );
    verdicts.atMost(
      "front page, HTML",
      ours.frontPage.htmlBytes / 1_000,
      100,
      (value) => `${value.toFixed(0)} KB`,
    );
  }
  return verdicts.list;
}

/** What must hold while all are written at once. */
export function stormVerdicts(storm: Storm): Verdict[] {
  const verdicts = new Verdicts();
  if (storm.failure !== null) {
    verdicts.atMost("failures of the whole run", 1, 0, String);
  }
  verdicts.atMost(
    "lagging or failing at one time",
    storm.worstTrouble,
    0,
    String,
  );
  if (storm.missing !== null) {
    verdicts.atMost(
      "after the last write, all protected",
      storm.protectedAfter ?? Infinity,
      60,
      seconds,
    );
    verdicts.atMost("last writes that are missing", storm.missing, 0, String);
  }
  verdicts.atMost(
    "restored databases that differ",
    storm.restored?.wrong.length,
    0,
    String,
  );
  return verdicts.list;
}
