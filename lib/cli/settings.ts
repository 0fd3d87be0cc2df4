import { LIST_PRICES } from "../domain/prices.ts";

/** Every setting: its flag, its help and its default, in the order of the help. */
export interface Setting {
  /** Flag without its dashes and key in the YAML file: `watch-dir`. */
  readonly name: SettingName;
  /** Stands for the value in the help. */
  readonly value: string;
  readonly help: string;
  readonly default?: string;
}

const table = {
  "watch-dir": {
    value: "FOLDER",
    help:
      "folder of databases, with all below it; repeatable, or with commas (required)",
  },
  bucket: {
    value: "BUCKET",
    help:
      "where backups are kept: NAME, s3://NAME/PREFIX or file:///FOLDER (required)",
  },
  endpoint: {
    value: "URL",
    help: "address of an S3 store that is not AWS (else AWS_ENDPOINT_URL_S3)",
  },
  region: { value: "REGION", help: "the bucket's region (else AWS_REGION)" },
  prefix: {
    value: "PREFIX",
    help: "where in the bucket the databases are",
    default: "databases",
  },
  port: {
    value: "PORT",
    help: "port of the dashboard, 0 for a free one",
    default: "8080",
  },
  host: {
    value: "ADDRESS",
    help: "address on which the dashboard listens",
    default: "127.0.0.1",
  },
  "state-dir": {
    value: "FOLDER",
    help:
      "folder for what is remembered between starts (else $XDG_STATE_HOME/litestream-manager)",
  },
  rpo: {
    value: "DURATION",
    help: "a client is lagging when its changes are unsynced for longer",
    default: "60s",
  },
  "idle-after": {
    value: "DURATION",
    help: "a client falls asleep when it is quiet for that long",
    default: "45s",
  },
  "max-awake": {
    value: "NUMBER",
    help:
      "at most so many clients are awake at once for their changes; first backups, which are short, get four times as many places beside them, up to 1,000 and what half of the memory allows",
    default: "256",
  },
  retention: {
    value: "DURATION",
    help: "how far back restore points are kept",
    default: "7d",
  },
  drills: {
    value: "NUMBER",
    help:
      "so many backups a day are tried: restored whole beside the state, compared with the database and removed; 0 for none",
    default: "100",
  },
  "price-put": {
    value: "DOLLARS",
    help: "what 1,000 requests that write or list cost",
    default: String(LIST_PRICES.put),
  },
  "price-get": {
    value: "DOLLARS",
    help: "what 1,000 requests that read cost",
    default: String(LIST_PRICES.get),
  },
  "price-storage": {
    value: "DOLLARS",
    help: "what a GB costs that is kept for a month",
    default: String(LIST_PRICES.storage),
  },
  "price-transfer": {
    value: "DOLLARS",
    help: "what a GB costs that is uploaded",
    default: String(LIST_PRICES.transfer),
  },
  litestream: {
    value: "PATH",
    help: "the Litestream program (else LITESTREAM_BIN, PATH, the cached copy)",
  },
  config: { value: "FILE.yml", help: "YAML file with any of these settings" },
  "log-format": { value: "FORMAT", help: "text or json", default: "text" },
} as const;

export type SettingName = keyof typeof table;

export const SETTINGS: readonly Setting[] = Object.entries(table).map(
  ([name, rest]) => ({ name: name as SettingName, ...rest }),
);

/** `LITESTREAM_MANAGER_WATCH_DIR` */
export function variableOf(name: SettingName): string {
  return VARIABLE_PREFIX + name.toUpperCase().replaceAll("-", "_");
}

export const VARIABLE_PREFIX = "LITESTREAM_MANAGER_";

/** What was given for a setting, and where, for messages. */
export interface Given {
  /** Several only for `watch-dir`. */
  readonly values: readonly string[];
  /** `--port`, `LITESTREAM_MANAGER_PORT` or `port in manager.yml, line 3`. */
  readonly from: string;
}

export type GivenSettings = Partial<Record<SettingName, Given>>;

/** Names of flags, variables and keys under which people might pass a credential. */
export function namesCredential(name: string): boolean {
  return /secret|access[-_]?key|token|password|passwd|credential/i.test(name);
}
