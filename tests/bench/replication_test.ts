import assert from "node:assert/strict";
import type { MeteringProxy, PassedRequest } from "./metering_proxy.ts";
import { Replication } from "./replication.ts";

const ID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

/** A proxy that only tells what it is told to. */
function fakeProxy() {
  let tell: (request: PassedRequest) => void = () => {};
  const proxy = {
    onAnswer(listener: typeof tell) {
      tell = listener;
      return { [Symbol.dispose]() {} };
    },
  } as unknown as MeteringProxy;
  const put = (madeAt: number | null, more: Partial<PassedRequest> = {}) =>
    tell({
      kind: "PUT",
      url: `/bucket/databases/${ID}/0000/${"0".repeat(16)}-${
        "0".repeat(16)
      }.ltx`,
      startedAt: performance.now(),
      madeAt,
      status: 200,
      answeredAt: performance.now() + 10,
      ...more,
    });
  return { proxy, put };
}

Deno.test("A write is in the replica with the first file made after it", () => {
  const { proxy, put } = fakeProxy();
  using replication = new Replication(proxy);
  replication.writing(ID);
  // Made before, sent after: it waited in a queue.
  put(Date.now() - 1_000);
  assert.equal(replication.waiting, 1);
  put(Date.now() + 1, { status: 503 });
  put(Date.now() + 1, { url: `/bucket/databases/${ID}/0001/x.ltx` });
  assert.equal(replication.waiting, 1);
  put(Date.now() + 1);
  assert.equal(replication.waiting, 0);
  const [latency] = replication.takeLatencies();
  assert.ok(latency! >= 10);
  assert.deepEqual([...replication.uploaded], [ID]);
});

Deno.test("Where a file does not say when it was made, its sending counts", () => {
  const { proxy, put } = fakeProxy();
  using replication = new Replication(proxy);
  replication.writing(ID);
  put(null, { startedAt: performance.now() - 1_000 });
  assert.equal(replication.giveUp(), 1);
  replication.writing(ID);
  put(null);
  assert.equal(replication.giveUp(), 0);
});
