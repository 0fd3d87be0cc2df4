import assert from "node:assert/strict";
import { shownFolder } from "./shown_folder.ts";

Deno.test("the only watched folder is left out", () => {
  const cases = [
    ["/data/eu/x.db", ["/data"], "eu"],
    ["/data/x.db", ["/data"], "/"],
    ["/database/x.db", ["/data"], "/database"],
    ["/data/eu/x.db", ["/data", "/more"], "/data/eu"],
    ["…tenants/eu/x.db", ["/data"], "…tenants/eu"],
  ] as const;
  for (const [path, dirs, shown] of cases) {
    assert.equal(shownFolder(path, dirs), shown);
  }
});
