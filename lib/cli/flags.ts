import { Command, CommanderError, Option } from "commander";
import { closestMatch } from "leven";
import {
  type GivenSettings,
  namesCredential,
  type SettingName,
  SETTINGS,
  variableOf,
} from "./settings.ts";
import { CredentialError } from "./target.ts";
import { UsageError } from "./usage_error.ts";
import { PROGRAM_VERSION } from "./version.ts";

const AFTER_HELP = `
A DURATION is 500ms, 60s, 5m, 1h, 7d or a sum such as 1h30m.
Each option is also a variable (${variableOf("watch-dir")}) and a key of the
YAML file (watch-dir: data). Flags win over variables, variables over the file.
Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or an AWS profile.

Examples:
  deno task start --watch-dir data --bucket my-bucket
  deno task start --watch-dir data --bucket file:///srv/backups
  deno task start --watch-dir a,b --bucket x --endpoint http://127.0.0.1:9000`;

/** Help or version was asked for: this is to be shown. */
export interface Info {
  readonly info: string;
}

/**
 * Reads flags, with one dash or two.
 *
 * @throws {UsageError}
 */
export function readFlags(args: readonly string[]): GivenSettings | Info {
  let info = "";
  const command = new Command("litestream-manager")
    .description(
      "Keeps folders of SQLite databases continuously backed up in S3, and shows it",
    )
    .version(PROGRAM_VERSION, "--version", "print the version")
    .helpOption("-h, --help", "print this")
    .addHelpText("after", AFTER_HELP)
    .exitOverride()
    .configureOutput({ writeOut: (text) => info += text, writeErr: () => {} });
  for (const setting of SETTINGS) {
    const option = new Option(
      `--${setting.name} <${setting.value}>`,
      setting.help,
    )
      .argParser<string[]>((value, before) =>
        // Only folders add up; of others the last one counts.
        setting.name === "watch-dir" ? [...before ?? [], value] : [value]
      );
    // Told, not set: commander must leave what was not given undefined.
    if (setting.default) option.description += ` (default: ${setting.default})`;
    command.addOption(option);
  }
  try {
    command.parse(args.map(withTwoDashes), { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return { info };
      throw usageError(error, args);
    }
    throw error;
  }
  const given: GivenSettings = {};
  const options = command.opts<Record<string, string[] | undefined>>();
  for (const option of command.options) {
    const values = options[option.attributeName()];
    if (values === undefined) continue;
    given[option.name() as SettingName] = {
      values,
      from: `--${option.name()}`,
    };
  }
  return given;
}

/** The program before this one took `-watch-dir` as well. */
function withTwoDashes(arg: string): string {
  return /^-[a-z]{2}/i.test(arg) ? `-${arg}` : arg;
}

function usageError(
  error: CommanderError,
  args: readonly string[],
): UsageError {
  const quoted = /'(.*?)'/.exec(error.message)?.[1] ?? "";
  switch (error.code) {
    case "commander.unknownOption": {
      const name = quoted.replace(/^-+/, "").replace(/=.*/s, "");
      if (namesCredential(name)) {
        return new UsageError(
          `Cannot use "--${name}": ${new CredentialError().message}`,
        );
      }
      const names = [
        ...SETTINGS.map((setting) => setting.name),
        "help",
        "version",
      ];
      return new UsageError(
        `Cannot use "--${name}": no such option${
          didYouMean(name, names, "--")
        }`,
      );
    }
    case "commander.optionMissingArgument": {
      const option = quoted.split(" ")[0];
      return new UsageError(
        `Cannot use ${option} without a value: write ${quoted}`,
      );
    }
    case "commander.excessArguments": {
      const extra = / but got \d+: (.*)\.$/s.exec(error.message)?.[1];
      return new UsageError(
        `Cannot use "${
          extra ?? args.join(" ")
        }": only options are taken, see --help`,
      );
    }
    default:
      return new UsageError(error.message.replace(/^error: /, ""), {
        cause: error,
      });
  }
}

/** `, did you mean --port` or a pointer to the list; ends an error line. */
export function didYouMean(
  name: string,
  names: readonly string[],
  before = "",
): string {
  const maxDistance = Math.max(2, Math.floor(name.length / 3));
  const close = closestMatch(name, [...names], { maxDistance });
  return close === undefined
    ? ", see --help"
    : `, did you mean ${before}${close}`;
}
