/** Numbers, sizes and times as a person reads them, in the reader's locale. */

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
const formatters = new Map<string, Intl.NumberFormat>();

/** The first language that the browser asks for and that we can format in. */
export function localeOf(acceptLanguage: string | null): string {
  for (const part of (acceptLanguage ?? "").split(",")) {
    const tag = part.split(";")[0]?.trim();
    if (!tag || tag === "*") continue;
    try {
      return Intl.getCanonicalLocales(tag)[0] ?? "en";
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return "en";
}

/** `12,345` */
export function count(n: number, locale: string): string {
  return formatter(locale, {}).format(n);
}

/** `1 client`, `12,345 clients` */
export function counted(n: number, noun: string, locale: string): string {
  return `${count(n, locale)} ${n === 1 ? noun : `${noun}s`}`;
}

/** `8.2 kB`; thousands, as disks and S3 bills count. */
export function bytes(n: number, locale: string): string {
  if (n < 1_000) return `${count(Math.round(n), locale)} B`;
  const power = Math.min(Math.floor(Math.log10(n) / 3), UNITS.length - 1);
  const value = n / 1000 ** power;
  return formatter(locale, {
    style: "unit",
    unit: UNITS[power] ?? "kilobyte",
    unitDisplay: "short",
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value);
}

/** `$0.42`, `$1,234` */
export function dollars(n: number, locale: string): string {
  return formatter(locale, {
    style: "currency",
    currency: "USD",
    maximumFractionDigits: n < 100 ? 2 : 0,
  }).format(n);
}

/** As `dollars`, but small amounts to two digits: `$0.000035`. */
export function smallDollars(n: number, locale: string): string {
  if (n === 0 || n >= 0.01) return dollars(n, locale);
  return formatter(locale, {
    style: "currency",
    currency: "USD",
    maximumSignificantDigits: 2,
  }).format(n);
}

/** A price as it was given: `$0.005`. */
export function price(n: number, locale: string): string {
  return formatter(locale, {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: 0,
    maximumFractionDigits: 10,
  }).format(n);
}

/** `7 s`, `4 min`, `2 h 5 min`, `3 d 4 h`; never more than two units. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return pair(hours, "h", minutes % 60, "min");
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** `just now`, `7 s ago`, `4 min ago`, `2 h ago`, `3 d ago` */
export function ago(ms: number): string {
  if (ms < 1_000) return "just now";
  return `${duration(ms).split(" ").slice(0, 2).join(" ")} ago`;
}

/** `2026-11-22 14:03:05 UTC`, for where the reader's time zone is not known. */
export function exactUtc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** The folder of a path, without the slash at its end. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function pair(a: number, unitA: string, b: number, unitB: string): string {
  return b === 0 ? `${a} ${unitA}` : `${a} ${unitA} ${b} ${unitB}`;
}

function formatter(
  locale: string,
  options: Intl.NumberFormatOptions,
): Intl.NumberFormat {
  const key = locale + JSON.stringify(options);
  let found = formatters.get(key);
  if (found === undefined) {
    formatters.set(key, found = new Intl.NumberFormat(locale, options));
  }
  return found;
}
