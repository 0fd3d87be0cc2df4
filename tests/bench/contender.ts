import type { MeteringProxy } from "./metering_proxy.ts";
import type { DatabaseFolder } from "./databases.ts";

export type ContenderName = "ours" | "peer" | "tuned";

/** Where a contender works. */
export interface Arena {
  /** Folder of its own, for state, configuration and logs. */
  readonly dir: string;
  readonly databases: DatabaseFolder;
  readonly proxy: MeteringProxy;
  readonly bucket: string;
  /** Key in the bucket below which its replicas go. */
  readonly prefix: string;
  /** Credentials for the bucket. */
  readonly env: Readonly<Record<string, string>>;
  readonly litestream: string;
  /** Nothing else kept the machine busy when it began. */
  readonly isQuiet: boolean;
  /** Somebody wants the bench to end. */
  readonly signal: AbortSignal;
}

/** A program that keeps a folder of databases in S3, as an operator runs it. */
export interface Contender extends AsyncDisposable {
  readonly name: ContenderName;
  /** Process of the program; the rest of it are its descendants. */
  readonly pid: number;
  /** Resolves with what it last said when it ends. */
  readonly ended: Promise<string>;
  /** Whether it says itself that all are protected; null when it cannot say that. */
  allProtected(): Promise<boolean | null>;
  /** Ends it with SIGTERM, or SIGKILL after `boundMs`. */
  stop(boundMs: number): Promise<void>;
}
