import assert from "node:assert/strict";
import fc from "fast-check";
import type { ClientId } from "../domain/client_id.ts";
import { orderSteps } from "./order_steps.ts";

const steps = (shown: string, order: string, most: number) =>
  [...orderSteps(
    [...shown] as ClientId[],
    [...order] as ClientId[],
    most,
  )].map((step) => step.join(""));

Deno.test("new rows come a few at a time, from the top, and the length stays", () => {
  const cases = [
    ["abcd", "dcba", 2, ["dcba"]],
    ["abcd", "abxy", 2, ["abxy"]],
    ["abcd", "wxyz", 2, ["wxab", "wxyz"]],
    ["abcd", "wbxyz", 1, ["wabcd", "wbxac", "wbxya", "wbxyz"]],
    ["", "abc", 2, ["ab", "abc"]],
    ["abc", "", 2, [""]],
  ] as const;
  for (const [shown, order, most, expected] of cases) {
    assert.deepEqual(steps(shown, order, most), expected, `${shown} ${order}`);
  }
});

Deno.test("no step adds too many rows, none shows one twice, the last is the order", () => {
  const ids = fc.uniqueArray(fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz"));
  fc.assert(fc.property(
    ids,
    ids,
    fc.integer({ min: 1, max: 6 }),
    (shown, order, most) => {
      let before = new Set(shown);
      const all = steps(shown.join(""), order.join(""), most);
      for (const step of all) {
        assert.equal(new Set(step).size, step.length);
        const fresh = [...step].filter((id) =>
          !before.has(id) && !shown.includes(id)
        );
        assert.ok(fresh.length <= most);
        before = new Set(step);
      }
      assert.equal(all.at(-1), order.join(""));
    },
  ));
});
