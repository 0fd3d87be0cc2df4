import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { didYouMean } from "./flags.ts";
import { type GivenSettings, namesCredential, SETTINGS } from "./settings.ts";
import type { SettingName } from "./settings.ts";
import { CredentialError } from "./target.ts";
import { UsageError } from "./usage_error.ts";

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const value = z.union([scalar.transform((one) => [one]), z.array(scalar)]);

const price = z.union([z.number(), z.string()]).transform(String);
/** The prices, which stand together: `prices: {put: 0.005, storage: 0.023}`. */
const prices = z.strictObject({
  put: price.optional(),
  get: price.optional(),
  storage: price.optional(),
  transfer: price.optional(),
});

/**
 * Reads the settings in a YAML file: keys named as the flags, values as there, and
 * a list for `watch-dir`.
 *
 * @param path for messages
 * @throws {UsageError} that names the key and its line
 */
export function readConfigFile(text: string, path: string): GivenSettings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const line = lines.linePos(broken.pos[0]).line;
    const why = broken.message.split("\n")[0]?.replace(/ at line .*/, "");
    throw new UsageError(`Cannot read "${path}", line ${line}: ${why}`, {
      cause: broken,
    });
  }
  const content = document.toJS() ?? {};
  const settings = z.record(z.string(), z.unknown()).safeParse(content);
  if (!settings.success) {
    throw new UsageError(
      `Cannot read "${path}": settings are written one a line, as in "port: 8080"`,
    );
  }
  const lineOf = (key: string) => {
    const node = (document.contents as YamlMap | null)?.items
      .find((pair) => String(pair.key) === key)?.key as { range?: number[] };
    return node?.range ? `, line ${lines.linePos(node.range[0]!).line}` : "";
  };
  const given: GivenSettings = {};
  for (const [key, raw] of Object.entries(settings.data)) {
    const from = `${key} in ${path}${lineOf(key)}`;
    // An empty value is one that is left out.
    if (raw === null) continue;
    if (key === "prices") {
      Object.assign(given, readPrices(raw, from));
      continue;
    }
    if (!isSettingName(key)) throw new UsageError(unknownKey(key, from));
    const parsed = value.safeParse(raw);
    const single = key !== "watch-dir";
    if (!parsed.success || (single && Array.isArray(raw))) {
      throw new UsageError(
        `Cannot use ${from}: it takes ${
          single ? "one value" : "a folder or a list"
        }`,
      );
    }
    given[key] = { values: parsed.data, from };
  }
  return given;
}

function readPrices(raw: unknown, from: string): GivenSettings {
  const parsed = prices.safeParse(raw);
  if (!parsed.success) {
    throw new UsageError(
      `Cannot use ${from}: it takes put and get, dollars for 1,000 requests, and storage and transfer, dollars for a GB`,
    );
  }
  return Object.fromEntries(
    Object.entries(parsed.data).map(([name, dollars]) => [
      `price-${name}`,
      { values: [dollars], from: `${name} of ${from}` },
    ]),
  );
}

interface YamlMap {
  readonly items: readonly { readonly key: unknown }[];
}

const NAMES = SETTINGS.map((setting) => setting.name)
  .filter((name) => name !== "config");

function isSettingName(key: string): key is SettingName {
  return (NAMES as readonly string[]).includes(key);
}

function unknownKey(key: string, from: string): string {
  if (namesCredential(key)) {
    return `Cannot use ${from}: ${new CredentialError().message}`;
  }
  return `Cannot use ${from}: no such setting${
    didYouMean(key, [...NAMES, "prices"])
  }`;
}
