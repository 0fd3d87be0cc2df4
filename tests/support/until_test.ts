import assert from "node:assert/strict";
import { until, untilValue } from "./until.ts";

Deno.test("until returns the first true value", async () => {
  let calls = 0;
  const value = await until("three", () => ++calls === 3 && "three", {
    everyMs: 1,
  });
  assert.equal(value, "three");
  assert.equal(calls, 3);
});

Deno.test("until tells the last value", async () => {
  await assert.rejects(
    until("it is ready", () => 0, { timeoutMs: 5, everyMs: 1 }),
    { message: "Waited 0.005 s in vain until it is ready; last seen: 0" },
  );
});

Deno.test("until tells the last error and keeps it", async () => {
  const cause = new Error("no such client");
  await assert.rejects(
    until("it is ready", () => Promise.reject(cause), {
      timeoutMs: 5,
      everyMs: 1,
    }),
    (error: Error) =>
      error.cause === cause && /no such client/.test(error.message),
  );
});

Deno.test("until ends on abort", async () => {
  const reason = new Error("ended");
  const signal = AbortSignal.abort(reason);
  await assert.rejects(until("never", () => false, { signal }), reason);
});

Deno.test("untilValue shows the value that did not pass", async () => {
  await assert.rejects(
    untilValue("all are protected", () => ({ protected: 3 }), () => false, {
      timeoutMs: 5,
      everyMs: 1,
    }),
    /last seen: { protected: 3 }/,
  );
  assert.equal(await untilValue("one", () => 1, (value) => value === 1), 1);
});
