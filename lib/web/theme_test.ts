import assert from "node:assert/strict";
import { themeOf } from "./theme.ts";

Deno.test("the theme is one of three, whatever the cookie says", () => {
  const cases = [
    [null, "auto"],
    ["theme=dark", "dark"],
    ["a=b; theme=light; c=d", "light"],
    ["mytheme=dark", "auto"],
    ['theme="><script>', "auto"],
  ] as const;
  for (const [cookie, theme] of cases) {
    const headers = new Headers();
    if (cookie !== null) headers.set("Cookie", cookie);
    assert.equal(themeOf(headers), theme);
  }
});
