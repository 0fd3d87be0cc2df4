import assert from "node:assert/strict";
import {
  ago,
  bytes,
  count,
  counted,
  duration,
  exactUtc,
  folderOf,
  localeOf,
} from "./format.ts";

const S = 1_000, MIN = 60 * S, H = 60 * MIN, D = 24 * H;

Deno.test("durations have at most two units", () => {
  const cases = [
    [-5, "0 s"],
    [999, "0 s"],
    [59 * S, "59 s"],
    [90 * S, "1 min"],
    [H, "1 h"],
    [2 * H + 5 * MIN, "2 h 5 min"],
    [3 * D + 4 * H + MIN, "3 d 4 h"],
  ] as const;
  for (const [ms, text] of cases) assert.equal(duration(ms), text);
});

Deno.test("how long ago has one unit", () => {
  const cases = [
    [-S, "just now"],
    [999, "just now"],
    [7 * S, "7 s ago"],
    [2 * H + 5 * MIN, "2 h ago"],
    [30 * D, "30 d ago"],
  ] as const;
  for (const [ms, text] of cases) assert.equal(ago(ms), text);
});

Deno.test("sizes and counts follow the reader's locale", () => {
  assert.equal(bytes(0, "en"), "0 B");
  assert.equal(bytes(999, "en"), "999 B");
  assert.equal(bytes(1_000, "en"), "1 kB");
  assert.equal(bytes(8_192, "en"), "8.2 kB");
  assert.equal(bytes(8_192, "de"), "8,2 kB");
  assert.equal(bytes(999_999, "en"), "1,000 kB");
  assert.equal(bytes(31_457_280, "en"), "31 MB");
  assert.equal(bytes(5e15, "en"), "5,000 TB");
  assert.equal(count(12_345, "de"), "12.345");
  assert.equal(counted(1, "client", "en"), "1 client");
  assert.equal(counted(10_000, "client", "en"), "10,000 clients");
});

Deno.test("the locale is the first that the browser asks for and that exists", () => {
  const cases = [
    [null, "en"],
    ["", "en"],
    ["*", "en"],
    ["de-DE,de;q=0.9", "de-DE"],
    ["not_a_tag,fr;q=0.5", "fr"],
  ] as const;
  for (const [header, locale] of cases) assert.equal(localeOf(header), locale);
});

Deno.test("exact times are told in UTC, folders without their slash", () => {
  assert.equal(exactUtc(0), "1970-01-01 00:00:00 UTC");
  assert.equal(folderOf("/a/b/c.db"), "/a/b");
  assert.equal(folderOf("/c.db"), "/");
});
