import type { ContenderName } from "./contender.ts";
import type { RequestCounts } from "./metering_proxy.ts";
import type { ProcessGroups } from "./processes.ts";
import type { Round } from "./rounds.ts";
import type { StoreFigures } from "./store_figures.ts";
import type { Storm } from "./storm.ts";

/** Times of many events, in ms. */
export interface Spread {
  readonly count: number;
  /** Events that did not come within the bound. */
  readonly missing: number;
  readonly median: number;
  readonly p99: number;
}

/** What a start was measured to take. */
export interface Restart {
  /** Until all are known as protected, and what changed is in the replica; null when not within the bound. */
  readonly seconds: number | null;
  /** S3 requests until then. */
  readonly requests: RequestCounts;
}

export interface Idle {
  readonly seconds: number;
  readonly processes: ProcessGroups;
  /** Of one core. */
  readonly cpuPercent: number;
  readonly requestsPerMinute: RequestCounts;
  readonly openFiles: number;
  readonly inotifyWatches: number;
}

/** Sleeping databases that applications opened, read and closed. */
export interface Openers {
  readonly count: number;
  /** How many WALs SQLite deleted at that. */
  readonly walsDeleted: number;
  readonly seconds: number;
  /** PUT requests from the first opening until all was quiet again. */
  readonly uploads: number;
  /** All requests in that time. */
  readonly requests: number;
  /** Of one core. */
  readonly cpuPercent: number;
  /** From the last closing until it says that all are protected, in ms; null when not within the bound. */
  readonly protectedMs: number | null;
}

/** All that was measured of one contender with one number of databases; null is what it did not get to. */
export interface Figures {
  readonly contender: ContenderName;
  readonly databases: number;
  /** Load average of the machine before it began: others at work make times longer. */
  readonly loadBefore: number;
  /** Whether nothing kept its processors or disks busy just then; missing in older reports. */
  readonly quietBefore?: boolean;
  /** How it ended, if by itself, in its own words. */
  failure: string | null;
  /** Seconds from its start until every database has an LTX file in the bucket. */
  firstUpload: number | null;
  /** Seconds until it says itself that all are protected, where it can. */
  firstBackup: number | null;
  /** Of which those two are the medians, where there were several. */
  rounds: readonly (Round | null)[];
  firstBackupRequests: RequestCounts | null;
  /** Processor time of all processes for that, in seconds. */
  firstBackupCpuSeconds: number | null;
  /** The same by process. */
  firstBackupCpu: Readonly<Record<string, number>> | null;
  /** Highest memory of all processes together during the first backup, in bytes. */
  peakRssBytes: number | null;
  idle: Idle | null;
  /** Beside the databases, in bytes. */
  diskBytes: number | null;
  openers: Openers | null;
  /** Writes to databases that were idle. */
  asleep: Spread | null;
  /** Writes to the same, a moment later. */
  awake: Spread | null;
  /** Writes to a hundredth of the databases at random, after a first one to each. */
  active: Spread | null;
  activeDatabases: number | null;
  /** Of one core, while 1% of the databases are written. */
  activeCpuPercent: number | null;
  restartUnchanged: Restart | null;
  restartChanged: Restart | null;
  frontPage: FrontPage | null;
  store: StoreFigures | null;
}

export interface FrontPage {
  /** Until the first byte, in ms. */
  readonly firstByte: Spread;
  readonly htmlBytes: number;
}

export function emptyFigures(
  contender: ContenderName,
  databases: number,
  { isQuiet = true }: { isQuiet?: boolean } = {},
): Figures {
  return {
    contender,
    databases,
    loadBefore: Deno.loadavg()[0]!,
    quietBefore: isQuiet,
    failure: null,
    firstUpload: null,
    firstBackup: null,
    rounds: [],
    firstBackupRequests: null,
    firstBackupCpuSeconds: null,
    firstBackupCpu: null,
    peakRssBytes: null,
    idle: null,
    diskBytes: null,
    openers: null,
    asleep: null,
    awake: null,
    active: null,
    activeDatabases: null,
    activeCpuPercent: null,
    restartUnchanged: null,
    restartChanged: null,
    frontPage: null,
    store: null,
  };
}

/** Sums up times; null when there are none at all. */
export function spreadOf(times: readonly number[], missing = 0): Spread | null {
  if (times.length === 0) return null;
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
  return { count: sorted.length, missing, median: at(0.5), p99: at(0.99) };
}

/** The machine that figures were taken on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
}

export interface Report {
  readonly takenAt: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly quick: boolean;
  /** How much each answer of the S3 server was held back. */
  readonly delayMs: number;
  readonly runs: readonly Figures[];
  readonly storms: readonly Storm[];
}
