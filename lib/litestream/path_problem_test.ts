import assert from "node:assert/strict";
import { pathProblem } from "./path_problem.ts";

Deno.test("paths that SQLite would take for another are named", () => {
  const cases: [path: string, odd: string | null][] = [
    ["/data/x.db", null],
    ['/data/100% of it\'s "a" & ö\n/x.db', null],
    ["/data/what?/x.db", "?"],
    ["/data/c#/x.db", "#"],
    ["/data/a%2fb/x.db", "%2f"],
  ];
  for (const [path, odd] of cases) {
    const problem = pathProblem(path);
    if (odd === null) assert.equal(problem, null, path);
    else assert.ok(problem?.includes(`"${odd}"`), path);
  }
});
