/** What YAML takes for a line's end, or does not take at all. */
const NOT_PLAIN = /[\x7f-\x9f\u2028\u2029\ufeff]/g;

/**
 * A value as YAML, for Litestream to read: JSON is YAML as well, but for a few
 * characters. The library that writes nicer YAML would take 4 MB of memory as
 * long as the program runs.
 */
export function yamlText(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    NOT_PLAIN,
    (character) =>
      "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0"),
  ) + "\n";
}
