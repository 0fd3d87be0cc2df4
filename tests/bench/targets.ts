import type { Figures } from "./figures.ts";
import { total } from "./metering_proxy.ts";
import { totalBytes } from "./processes.ts";

/** A promise of the project and whether it was kept. */
export interface Verdict {
  readonly what: string;
  readonly limit: string;
  readonly measured: string;
  readonly isMet: boolean;
}

const MIB = 1 << 20;

/** Holds our figures against the targets for their number of databases; `peer` gives the ratios. */
export function verdictsOf(
  ours: Figures,
  peer: Figures | undefined,
): Verdict[] {
  const n = ours.databases;
  const verdicts: Verdict[] = [];
  const atMost = (
    what: string,
    value: number | null | undefined,
    limit: number,
    show: (value: number) => string,
  ) => {
    if (value == null) return;
    verdicts.push({
      what,
      limit: `<= ${show(limit)}`,
      measured: show(value),
      isMet: value <= limit,
    });
  };
  const small = n <= 1_000, large = n > 10_000;
  const seconds = (value: number) => `${value.toFixed(1)} s`;

  if (small) {
    const [own, theirs] = [ours.firstBackup, peer?.firstUpload];
    if (own !== null && theirs != null) {
      atMost(
        "first backup of all, of Litestream's time",
        own / theirs,
        1,
        (ratio) => ratio.toFixed(2),
      );
    }
  } else if (ours.firstBackup !== null) {
    const rate = n / ours.firstBackup;
    verdicts.push({
      what: "first backup, databases a second",
      limit: ">= 65",
      measured: rate.toFixed(0),
      isMet: rate >= 65,
    });
  }
  if (ours.idle !== null) {
    const { rssBytes, cpuPercent, requestsPerMinute } = ours.idle;
    const limit = small ? 150 : large ? 450 : 200;
    atMost("memory of all processes, idle", totalBytes(rssBytes) / MIB, limit, (
      value,
    ) => `${value.toFixed(0)} MiB`);
    atMost(
      "S3 requests a minute, idle",
      total(requestsPerMinute),
      large ? 1 : 0,
      String,
    );
    atMost(
      "processor, idle",
      cpuPercent,
      large ? 3 : 1,
      (value) => `${value.toFixed(1)}% of a core`,
    );
  }
  for (const name of ["asleep", "awake", "active"] as const) {
    const spread = ours[name];
    if (spread === null) continue;
    const [median, p99] = [2_000, large ? 5_000 : 3_000];
    const milliseconds = (value: number) => seconds(value / 1_000);
    atMost(
      `change to replica, ${name}, median`,
      spread.median,
      median,
      milliseconds,
    );
    atMost(
      `change to replica, ${name}, 99th percentile`,
      spread.missing > 0 ? Infinity : spread.p99,
      p99,
      milliseconds,
    );
  }
  if (ours.restartUnchanged !== null) {
    atMost(
      "start again, unchanged",
      ours.restartUnchanged.seconds ?? Infinity,
      small ? 1 : large ? 5 : 2,
      (value) => `${value.toFixed(2)} s`,
    );
    atMost(
      "S3 requests for that",
      total(ours.restartUnchanged.requests),
      0,
      String,
    );
  }
  if (ours.frontPage !== null) {
    atMost(
      "front page, first byte, median",
      ours.frontPage.firstByte.median,
      large ? 100 : 50,
      (
        value,
      ) => `${value.toFixed(0)} ms`,
    );
    atMost(
      "front page, HTML",
      ours.frontPage.htmlBytes / 1_000,
      100,
      (value) => `${value.toFixed(0)} KB`,
    );
  }
  return verdicts;
}
