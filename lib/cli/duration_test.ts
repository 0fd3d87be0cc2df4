import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDuration, parseDuration } from "./duration.ts";

const CENTURY = 36_525 * 86_400_000;

Deno.test("what is written is read back", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: CENTURY }), (ms) => {
    assert.equal(parseDuration(formatDuration(ms)), ms);
  }));
});

Deno.test("parts add up, in any order", () => {
  const part = fc.tuple(
    fc.integer({ min: 0, max: 1000 }),
    fc.constantFrom(
      ...Object.entries({ ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 }),
    ),
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const text = parts.map(([count, [unit]]) => `${count}${unit}`).join("");
      const total = parts.reduce((sum, [count, [, ms]]) => sum + count * ms, 0);
      assert.equal(parseDuration(text), total);
    }),
  );
});

Deno.test("what is read is a whole number of ms, or refused", () => {
  const text = fc.stringMatching(/^[0-9. mshd+-]{0,8}$/);
  fc.assert(
    fc.property(text, (text) => {
      const ms = parseDuration(text);
      if (ms === null) return;
      assert.ok(
        Number.isSafeInteger(ms) && ms >= 0 && ms <= CENTURY,
        `${text}: ${ms}`,
      );
      assert.match(text, /^(\d+(\.\d+)?(ms|[smhd]))+$/);
    }),
    { numRuns: 1000 },
  );
});

const cases: [string, number | null][] = [
  ["500ms", 500],
  ["60s", 60_000],
  ["1.5h", 5_400_000],
  ["7d", 604_800_000],
  ["0s", 0],
  ["", null],
  ["60", null],
  ["s", null],
  ["5 m", null],
  ["-5m", null],
  ["5m!", null],
  ["1e3s", null],
  ["100000d", null],
];

for (const [text, ms] of cases) {
  Deno.test(`"${text}" is ${ms ?? "no duration"}`, () => {
    assert.equal(parseDuration(text), ms);
  });
}
