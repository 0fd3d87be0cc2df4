const THEMES = ["auto", "light", "dark"] as const;

/** What the reader chose; `auto` is what the system prefers. */
export type Theme = typeof THEMES[number];

/** Reads the choice from a request's cookie. */
export function themeOf(headers: Headers): Theme {
  const [, value] = /(?:^|;\s*)theme=(\w+)/.exec(headers.get("Cookie") ?? "") ??
    [];
  return THEMES.find((theme) => theme === value) ?? "auto";
}
