import fc from "fast-check";
import assert from "node:assert/strict";
import {
  FILTERS,
  pageHref,
  pageParams,
  readPageQuery,
  SORTS,
} from "./page_query.ts";

Deno.test("an address that was made is read back the same", () => {
  const query = fc.record({
    text: fc.string({ maxLength: 40 }).map((text) => text.trim()),
    filter: fc.option(fc.constantFrom(...FILTERS), { nil: null }),
    sort: fc.constantFrom(...SORTS),
    reversed: fc.boolean(),
    page: fc.integer({ min: 1, max: 10_000 }),
  }, { noNullPrototype: true });
  fc.assert(fc.property(query, (query) => {
    assert.deepEqual(readPageQuery(pageParams(query)), query);
  }));
});

Deno.test("what is not understood is left out", () => {
  const usual = {
    text: "",
    filter: null,
    sort: "worst",
    reversed: false,
    page: 1,
  };
  for (
    const text of ["", "page=0&sort=-x&status=no", "page=1e99", "page=-3&q=%20"]
  ) assert.deepEqual(readPageQuery(new URLSearchParams(text)), usual, text);
  assert.equal(pageHref(readPageQuery(new URLSearchParams("page=1"))), "/");
});
