import assert from "node:assert/strict";
import {
  emptyFigures,
  type Figures,
  type Report,
  type Spread,
  spreadOf,
} from "./figures.ts";
import { pictureOf } from "./picture.ts";
import { tableOf } from "./table.ts";
import { verdictsOf } from "./targets.ts";

const SPREAD: Spread = { count: 100, missing: 0, median: 1_200, p99: 2_900 };

function full(contender: Figures["contender"], databases = 1_000): Figures {
  return {
    ...emptyFigures(contender, databases),
    firstUpload: 14,
    firstBackup: 15,
    firstBackupRequests: { PUT: 1_000, LIST: 2_000 },
    firstBackupCpuSeconds: 9,
    peakRssBytes: 200 << 20,
    idle: {
      seconds: 60,
      rssBytes: { deno: 90 << 20, litestream: 30 << 20 },
      cpuPercent: 0.5,
      requestsPerMinute: {},
      openFiles: 40,
      inotifyWatches: 1,
    },
    diskBytes: 12 << 20,
    asleep: SPREAD,
    awake: SPREAD,
    active: SPREAD,
    activeCpuPercent: 7,
    restartUnchanged: { seconds: 0.8, requests: {} },
    restartChanged: { seconds: 3, requests: { PUT: 10 } },
    frontPage: { firstByte: { ...SPREAD, median: 12 }, htmlBytes: 90_000 },
  };
}

function reportOf(runs: readonly Figures[]): Report {
  return {
    takenAt: "2026-01-02T03:04Z",
    machine: {
      processor: "A & B <Processor>",
      cores: 2,
      memoryGiB: 24,
      system: "linux",
    },
    versions: { Litestream: "0.5.17" },
    quick: false,
    delayMs: 0,
    runs,
  };
}

Deno.test("Times are summed up by their median and 99th percentile", () => {
  const times = Array.from({ length: 200 }, (_, index) => 200 - index);
  assert.deepEqual(spreadOf(times, 3), {
    count: 200,
    missing: 3,
    median: 100,
    p99: 198,
  });
  assert.deepEqual(spreadOf([7]), { count: 1, missing: 0, median: 7, p99: 7 });
  assert.equal(spreadOf([], 2), null);
});

Deno.test("All targets are met by figures within them", () => {
  const peer = { ...full("peer"), firstUpload: 15 };
  const verdicts = verdictsOf(full("ours"), peer);
  assert.deepEqual(verdicts.filter(({ isMet }) => !isMet), []);
  assert.equal(verdicts.length, 14);
});

const MISSES: readonly [string, Partial<Figures>, RegExp][] = [
  ["a slow first backup", { firstBackup: 15.2 }, /first backup/],
  [
    "a request of an idle fleet",
    { idle: { ...full("ours").idle!, requestsPerMinute: { LIST: 1 } } },
    /S3 requests a minute/,
  ],
  ["a write that never arrived", {
    awake: { ...SPREAD, missing: 1 },
  }, /awake, 99th/],
  ["a start that did not end", {
    restartUnchanged: { seconds: null, requests: {} },
  }, /start again, unchanged/],
  ["a request at the start", {
    restartUnchanged: { seconds: 0.5, requests: { GET: 1 } },
  }, /S3 requests for that/],
];

for (const [what, change, told] of MISSES) {
  Deno.test(`A target is missed by ${what}`, () => {
    const peer = { ...full("peer"), firstUpload: 15 };
    const missed = verdictsOf({ ...full("ours"), ...change }, peer)
      .filter(({ isMet }) => !isMet);
    assert.equal(missed.length, 1);
    assert.match(missed[0]!.what, told);
  });
}

Deno.test("The table shows ratios, and who failed", () => {
  const failed = {
    ...emptyFigures("peer", 10_000),
    failure: "exit status 2\nruntime: thread limit\n",
  };
  const table = tableOf(reportOf([
    full("ours"),
    { ...full("peer"), firstUpload: 28 },
    full("ours", 10_000),
    failed,
  ]));
  assert.match(table, /all uploaded, s +14\.0 +28\.0 +0\.50/);
  assert.match(
    table,
    /Litestream failed: exit status 2: runtime: thread limit/,
  );
  assert.match(table, /start again, unchanged +<= 1\.00 s +0\.80 s +ok/);
});

Deno.test("The picture is drawn from any report", () => {
  const failed = { ...emptyFigures("tuned", 10_000), failure: "it ended" };
  const svg = pictureOf(reportOf([full("ours"), full("ours", 10_000), failed]));
  assert.match(svg, /A &amp; B &lt;Processor>/);
  assert.match(svg, />failed</);
  assert.doesNotMatch(svg, /NaN|undefined|null/);
  const opened = svg.match(/<(svg|style|text)\b/g)?.length;
  assert.equal(svg.match(/<\/(svg|style|text)>/g)?.length, opened);
});
