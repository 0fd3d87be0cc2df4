/** Command line, environment and YAML file, read into a {@linkcode Config}. @module */
import process from "node:process";
import { isAbsolute, join, relative, resolve } from "node:path";
import type { Config } from "../config.ts";
import { parseDuration } from "./duration.ts";
import { didYouMean, readFlags } from "./flags.ts";
import {
  type Given,
  type GivenSettings,
  namesCredential,
  type SettingName,
  SETTINGS,
  VARIABLE_PREFIX,
  variableOf,
} from "./settings.ts";
import {
  CredentialError,
  parseBucket,
  parseEndpoint,
  parsePrefix,
  replicaTarget,
  ValueError,
} from "./target.ts";
import { UsageError } from "./usage_error.ts";

export { UsageError };

/** For 1,000 requests, or a GB: more is a mistake, such as cents. */
const MAX_DOLLARS = 10;

/** Every nine seconds: they come one at a time. */
const MAX_DRILLS = 10_000;

type Env = Readonly<Record<string, string | undefined>>;

/** Thrown when help or the version was asked for and has been printed. */
export const HELP_EXIT: unique symbol = Symbol("help");

/**
 * Reads the configuration. Flags win over variables `LITESTREAM_MANAGER_*`, those over
 * the YAML file, that over what AWS's own variables say.
 *
 * @param readFile reads the YAML file as text
 * @throws {UsageError} one line that names the option, its value and what would be right
 * @throws {typeof HELP_EXIT} after printing the help or the version
 */
export async function parseConfig(
  args: readonly string[],
  env: Env,
  readFile: (path: string) => Promise<string>,
): Promise<Config> {
  const flags = readFlags(args);
  if ("info" in flags) {
    process.stdout.write(flags.info);
    throw HELP_EXIT;
  }
  const variables = readVariables(env);
  const file = await readFileOf(flags.config ?? variables.config, readFile);
  return buildConfig({ ...file, ...variables, ...flags }, env);
}

function readVariables(env: Env): GivenSettings {
  const given: GivenSettings = {};
  const names = new Map(SETTINGS.map(({ name }) => [variableOf(name), name]));
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(VARIABLE_PREFIX) || !value) continue;
    // Of the tests, not of the operator.
    if (variable.startsWith(`${VARIABLE_PREFIX}TEST_`)) continue;
    const name = names.get(variable);
    if (name !== undefined) {
      given[name] = { values: [value], from: variable };
    } else if (namesCredential(variable)) {
      throw new UsageError(
        `Cannot use ${variable}: ${new CredentialError().message}`,
      );
    } else {
      throw new UsageError(
        `Cannot use ${variable}: no such setting${
          didYouMean(variable, [...names.keys()])
        }`,
      );
    }
  }
  return given;
}

async function readFileOf(
  given: Given | undefined,
  readFile: (path: string) => Promise<string>,
): Promise<GivenSettings> {
  if (given === undefined) return {};
  const path = given.values.at(-1)!;
  let text: string;
  try {
    text = await readFile(path);
  } catch (error) {
    throw new UsageError(
      `Cannot read ${given.from} "${path}": ${
        error instanceof Deno.errors.NotFound
          ? "there is no such file"
          : (error as Error).message
      }`,
      { cause: error },
    );
  }
  // Its libraries take 10 MB and an eighth of a second: only for who has a file.
  const { readConfigFile } = await import("./config_file.ts");
  return readConfigFile(text, path);
}

function buildConfig(given: GivenSettings, env: Env): Config {
  /** Reads a setting that may be missing. */
  function optional<T>(name: SettingName, read: (text: string) => T): T | null {
    const setting = given[name];
    if (setting !== undefined) return checked(setting, read);
    const preset = SETTINGS.find((one) => one.name === name)?.default;
    return preset === undefined ? null : read(preset);
  }
  /** Reads a setting that has a default. */
  const preset = <T>(name: SettingName, read: (text: string) => T): T =>
    optional(name, read)!;
  /** Reads a setting for which AWS has variables of its own. */
  function fromAws<T>(
    name: SettingName,
    variables: string[],
    read: (text: string) => T,
  ): T | null {
    const own = optional(name, read);
    const variable = variables.find((one) => env[one]);
    if (own !== null || variable === undefined) return own;
    return checked({ values: [env[variable]!], from: variable }, read);
  }

  const watchDirs = readWatchDirs(given["watch-dir"]);
  if (given.bucket === undefined) {
    throw new UsageError(
      "Missing --bucket: name where backups are kept, as in --bucket my-bucket or --bucket file:///srv/backups",
    );
  }
  const place = checked(given.bucket, parseBucket);
  const target = replicaTarget(place, {
    prefix: preset("prefix", parsePrefix),
    endpoint: fromAws(
      "endpoint",
      ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"],
      parseEndpoint,
    ),
    region: fromAws(
      "region",
      ["AWS_REGION", "AWS_DEFAULT_REGION"],
      parseRegion,
    ),
  });
  const stateDir = optional("state-dir", readPath) ?? defaultStateDir(env);
  for (const folder of watchDirs) {
    // What is written there would be found again as a client.
    if (target.kind === "file" && isWatchedBy(folder, target.root)) {
      throw new UsageError(
        `Cannot use ${given.bucket.from} "${target.root}": it lies within "${folder}", which is watched; choose a folder outside`,
      );
    }
    if (isWatchedBy(folder, stateDir)) {
      throw new UsageError(
        `Cannot use ${
          given["state-dir"]?.from ?? "--state-dir"
        } "${stateDir}": it lies within "${folder}", which is watched; choose a folder outside`,
      );
    }
  }
  return {
    watchDirs,
    target,
    bucket: given.bucket.values.at(-1)!,
    host: preset("host", parseHost),
    port: preset("port", (text) => parseCount(text, 0, 65_535)),
    stateDir,
    rpoMs: preset("rpo", parseDurationFrom(1_000)),
    idleAfterMs: preset("idle-after", parseDurationFrom(1_000)),
    maxAwake: preset("max-awake", (text) => parseCount(text, 1, 4096)),
    drillsPerDay: preset(
      "drills",
      (text) => parseCount(text, 0, MAX_DRILLS),
    ),
    retentionMs: preset("retention", parseDurationFrom(60_000)),
    prices: {
      put: preset("price-put", parseDollars("1,000 requests", "0.005")),
      get: preset("price-get", parseDollars("1,000 requests", "0.005")),
      storage: preset("price-storage", parseDollars("a GB and month", "0.023")),
      transfer: preset("price-transfer", parseDollars("a GB", "0.09")),
    },
    litestream: optional("litestream", readProgram),
    logFormat: preset("log-format", parseLogFormat),
  };
}

/** Reads a value; its error gets the name and the value to it. */
function checked<T>({ values, from }: Given, read: (text: string) => T): T {
  const text = values.at(-1)!;
  try {
    return read(text);
  } catch (error) {
    if (error instanceof CredentialError) {
      throw new UsageError(`Cannot use ${from}: ${error.message}`);
    }
    if (error instanceof ValueError) {
      throw new UsageError(`Cannot use ${from} "${text}": ${error.message}`);
    }
    throw error;
  }
}

function readWatchDirs(given: Given | undefined): string[] {
  if (given === undefined) {
    throw new UsageError(
      "Missing --watch-dir: name the folder of the databases, as in --watch-dir data",
    );
  }
  const written = given.values.flatMap((value) => value.split(","))
    .map((value) => value.trim()).filter((value) => value !== "");
  if (written.length === 0) {
    throw new UsageError(
      `Cannot use ${given.from} "${given.values.join()}": it names no folder`,
    );
  }
  const folders = [...new Set(written.map((folder) => resolve(folder)))];
  for (const folder of folders) {
    const outer = folders.find((other) =>
      other !== folder && isWatchedBy(other, folder)
    );
    if (outer !== undefined) {
      throw new UsageError(
        `Cannot use ${given.from} "${folder}": it lies within "${outer}", which is watched with all below it`,
      );
    }
  }
  return folders;
}

/** Whether a path is the folder or below it; hidden folders are not entered. */
function isWatchedBy(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return !isAbsolute(way) &&
    !way.split("/").some((part) => part.startsWith("."));
}

/** systemd's choice, else the XDG rules. */
function defaultStateDir(env: Env): string {
  const systemd = env["STATE_DIRECTORY"]?.split(":")[0];
  if (systemd) return systemd;
  const { XDG_STATE_HOME: xdg, HOME: home } = env;
  if (xdg && isAbsolute(xdg)) return join(xdg, "litestream-manager");
  if (home && isAbsolute(home)) {
    return join(home, ".local", "state", "litestream-manager");
  }
  throw new UsageError(
    "Missing --state-dir: HOME is not set, so name the folder for what is remembered between starts",
  );
}

function readPath(text: string): string {
  if (text.trim() === "") throw new ValueError("it names no folder");
  return resolve(text);
}

/** A bare name is for PATH to find. */
function readProgram(text: string): string {
  if (text.trim() === "") throw new ValueError("it names no program");
  return text.includes("/") ? resolve(text) : text;
}

function parseCount(text: string, from: number, to: number): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < from || count > to) {
    throw new ValueError(`it must be a whole number from ${from} to ${to}`);
  }
  return count;
}

function parseDollars(
  what: string,
  example: string,
): (text: string) => number {
  return (text) => {
    const dollars = Number(text);
    if (!/^\d*\.?\d+$/.test(text) || dollars > MAX_DOLLARS) {
      throw new ValueError(
        `it must be dollars for ${what}, from 0 to ${MAX_DOLLARS}, as in ${example}`,
      );
    }
    return dollars;
  };
}

function parseDurationFrom(least: number): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text);
    if (ms === null) {
      throw new ValueError(
        "a duration is written 500ms, 60s, 5m, 1h, 7d or 1h30m",
      );
    }
    if (ms < least) {
      throw new ValueError(`it must be at least ${least / 1000}s`);
    }
    return ms;
  };
}

function parseRegion(text: string): string {
  if (!/^[A-Za-z0-9-]+$/.test(text)) {
    throw new ValueError("a region is written us-east-1 or auto");
  }
  return text;
}

function parseHost(text: string): string {
  const host = text.replace(/^\[(.*)\]$/, "$1");
  if (!/^[A-Za-z0-9.:%_-]+$/.test(host)) {
    throw new ValueError(
      "it must be an address or a name: 127.0.0.1, ::1, 0.0.0.0",
    );
  }
  return host;
}

function parseLogFormat(text: string): "text" | "json" {
  if (text !== "text" && text !== "json") {
    throw new ValueError("it must be text or json");
  }
  return text;
}
