import {
  configure,
  getConsoleSink,
  getJsonLinesFormatter,
  getTextFormatter,
} from "@logtape/logtape";

/**
 * Sends the program's log to standard error: lines for people, or JSON lines
 * for machines.
 */
export async function configureLogging(
  format: "text" | "json",
): Promise<void> {
  const formatter = format === "json"
    ? getJsonLinesFormatter()
    : getTextFormatter({
      timestamp: "time",
      level: "FULL",
      category: () => "",
      // Text as it is, without quotes around it.
      value: (value, inspect) =>
        typeof value === "string"
          ? value
          : value instanceof Error
          ? value.message
          : inspect(value),
      format: ({ timestamp, level, message }) =>
        `${timestamp?.slice(0, 8)} ${level.padEnd(7)} ${message}`,
    });
  await configure({
    sinks: {
      stderr: getConsoleSink({
        formatter,
        levelMap: {
          trace: "error",
          debug: "error",
          info: "error",
          warning: "error",
          error: "error",
          fatal: "error",
        },
      }),
    },
    loggers: [
      {
        category: "litestream-manager",
        lowestLevel: "info",
        sinks: ["stderr"],
      },
      {
        category: ["logtape", "meta"],
        lowestLevel: "error",
        sinks: ["stderr"],
      },
    ],
  });
}
