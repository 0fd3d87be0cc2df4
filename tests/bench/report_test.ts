import assert from "node:assert/strict";
import {
  emptyFigures,
  type Figures,
  type Report,
  type Spread,
  spreadOf,
} from "./figures.ts";
import { pictureOf } from "./picture.ts";
import { emptyStorm, type Storm } from "./storm.ts";
import { tableOf } from "./table.ts";
import { stormVerdicts, verdictsOf } from "./targets.ts";

const SPREAD: Spread = { count: 100, missing: 0, median: 1_200, p99: 2_900 };

function full(contender: Figures["contender"], databases = 1_000): Figures {
  return {
    ...emptyFigures(contender, databases),
    firstUpload: 14,
    firstBackup: 15,
    firstBackupRequests: { PUT: 1_000, LIST: 2_000 },
    firstBackupCpuSeconds: 9,
    firstBackupCpu: { manager: 6, litestream: 3 },
    peakRssBytes: 200 << 20,
    idle: {
      seconds: 60,
      processes: {
        manager: { count: 1, rssBytes: 90e6 },
        litestream: { count: 2, rssBytes: 30e6 },
      },
      cpuPercent: 0.5,
      requestsPerMinute: {},
      openFiles: 40,
      inotifyWatches: 1,
    },
    diskBytes: 12 << 20,
    openers: {
      count: 1_000,
      walsDeleted: 998,
      seconds: 65,
      uploads: 0,
      requests: 0,
      cpuPercent: 12,
      protectedMs: 800,
    },
    asleep: SPREAD,
    awake: SPREAD,
    active: SPREAD,
    activeDatabases: 10,
    activeCpuPercent: 7,
    restartUnchanged: { seconds: 0.8, requests: {} },
    restartChanged: { seconds: 3, requests: { PUT: 10 } },
    frontPage: { firstByte: { ...SPREAD, median: 12 }, htmlBytes: 90_000 },
    store: {
      rows: databases,
      openMs: 40,
      checkMs: 60,
      unchanged: databases,
      writeMs: 30,
    },
  };
}

/** Litestream, so that all ratios are kept. */
function fullPeer(): Figures {
  const processes = { litestream: { count: 1, rssBytes: 440e6 } };
  return {
    ...full("peer"),
    firstUpload: 15,
    idle: { ...full("peer").idle!, processes },
    openers: null,
    store: null,
  };
}

const STORM: Storm = {
  ...emptyStorm(2_000, 60),
  writesPerSecond: 570,
  wakes: { ...SPREAD, count: 2_000 },
  lag: SPREAD,
  protectedShare: 0.7,
  worstTrouble: 0,
  daemons: 4,
  peakRssBytes: 900e6,
  peakRssBy: { manager: 200e6, litestream: 700e6 },
  cpuPercent: { manager: 70, litestream: 90 },
  protectedAfter: 4,
  missing: 0,
  restored: { compared: 20, wrong: [] },
};

function reportOf(
  runs: readonly Figures[],
  storms: readonly Storm[] = [],
): Report {
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
    storms,
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
  const verdicts = verdictsOf(full("ours"), fullPeer());
  assert.deepEqual(verdicts.filter(({ isMet }) => !isMet), []);
  assert.equal(verdicts.length, 20);
});

Deno.test("Limits go with the number of databases", () => {
  const rows = [1_000, 10_000, 100_000].map((databases) =>
    verdictsOf(full("ours", databases), undefined)
      .filter(({ what }) =>
        /^idle:|^first backup|unchanged$|active, 99/.test(what)
      )
      .map(({ limit }) => limit)
  );
  assert.deepEqual(rows, [
    ["<= 150 MB", "<= 0", "<= 1.0% of a core", "<= 3.00 s", "<= 1.00 s"],
    [
      ">= 65",
      "<= 200 MB",
      "<= 0",
      "<= 1.0% of a core",
      "<= 3.00 s",
      "<= 2.00 s",
    ],
    [
      ">= 65",
      "<= 450 MB",
      "<= 1",
      "<= 3.0% of a core",
      "<= 5.00 s",
      "<= 5.00 s",
    ],
  ]);
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
  }, /just written, 99th/],
  ["a start that did not end", {
    restartUnchanged: { seconds: null, requests: {} },
  }, /start again, unchanged/],
  [
    "a first backup that it never told of",
    { firstBackup: null },
    /first backup/,
  ],
  ["memory near Litestream's", {
    idle: {
      ...full("ours").idle!,
      processes: { manager: { count: 1, rssBytes: 149e6 } },
    },
  }, /of Litestream's/],
  ["an upload of a client that was only read", {
    openers: { ...full("ours").openers!, uploads: 1 },
  }, /only read: uploads/],
  ["a reader's client that stays unproved", {
    openers: { ...full("ours").openers!, protectedMs: null },
  }, /only read: all protected/],
  ["a slow state database", {
    store: { ...full("ours").store!, openMs: 3_000 },
  }, /state database/],
  ["a fingerprint that does not hold", {
    store: { ...full("ours").store!, unchanged: 999 },
  }, /fingerprints/],
  ["a run that broke off", { failure: "exit status 1" }, /failures/],
  ["a request at the start", {
    restartUnchanged: { seconds: 0.5, requests: { GET: 1 } },
  }, /unchanged: S3 requests/],
];

for (const [what, change, told] of MISSES) {
  Deno.test(`A target is missed by ${what}`, () => {
    const missed = verdictsOf({ ...full("ours"), ...change }, fullPeer())
      .filter(({ isMet }) => !isMet);
    assert.equal(missed.length, 1);
    assert.match(missed[0]!.what, told);
  });
}

const STORM_MISSES: readonly [string, Partial<Storm>, RegExp][] = [
  ["a client that lags", { worstTrouble: 1 }, /lagging/],
  ["a client that stays unproved", { protectedAfter: null }, /all protected/],
  ["a write that is missing", { missing: 1 }, /missing/],
  ["a restore that differs", {
    restored: { compared: 20, wrong: ["x: other rows"] },
  }, /differ/],
  ["an end before its time", { failure: "exit status 1" }, /failures/],
];

for (const [what, change, told] of STORM_MISSES) {
  Deno.test(`A storm is not held by ${what}`, () => {
    const missed = stormVerdicts({ ...STORM, ...change })
      .filter(({ isMet }) => !isMet);
    assert.equal(missed.length, 1);
    assert.match(missed[0]!.what, told);
  });
}

Deno.test("A storm that is held meets all", () => {
  const verdicts = stormVerdicts(STORM);
  assert.equal(verdicts.length, 4);
  assert.ok(verdicts.every(({ isMet }) => isMet));
});

Deno.test("The table shows ratios, and who failed", () => {
  const failed = {
    ...emptyFigures("peer", 10_000),
    failure: "exit status 2\nruntime: thread limit\n",
  };
  const table = tableOf([
    reportOf([
      {
        ...full("ours"),
        rounds: [{ uploaded: 13, told: 13.5 }, null],
      },
      { ...full("peer"), firstUpload: 28 },
      full("ours", 10_000),
      failed,
    ]),
    reportOf([full("ours", 100_000)], [STORM]),
  ]);
  assert.match(table, /all uploaded, s +14\.0 +28\.0 +0\.50/);
  assert.match(table, /median of, s +13\.5, not within the bound/);
  assert.match(table, /of which +manager 90, 2 litestream 30/);
  assert.match(
    table,
    /Litestream failed: exit status 2: runtime: thread limit/,
  );
  assert.match(table, /not run with this many/);
  assert.match(table, /start again, unchanged +<= 1\.00 s +0\.80 s +ok/);
  assert.match(table, /of which +litestream 700, manager 200/);
  assert.match(table, /restored and compared row by row +20, 0 differ/);
  assert.equal(table.match(/taken 2026-01-02T03:04Z/g)?.length, 2);
  assert.doesNotMatch(table, /NaN|undefined|null|Infinity/);
});

Deno.test("The table tells what did not end", () => {
  const table = tableOf([reportOf([{
    ...full("ours"),
    firstBackup: null,
    restartUnchanged: { seconds: null, requests: {} },
  }], [{
    ...STORM,
    protectedAfter: null,
    failure: "it ended",
    trouble: "lagging: unsynced for 61000 ms, no error",
  }])]);
  assert.match(table, /told as protected, s +not within the bound/);
  assert.match(table, /start again, unchanged, s +not within the bound/);
  assert.match(table, /failed: it ended/);
  assert.match(table, /first seen: lagging: unsynced for 61000 ms/);
  assert.doesNotMatch(table, /NaN|undefined|null|Infinity/);
});

Deno.test("The picture is drawn from any reports", () => {
  const failed = { ...emptyFigures("tuned", 10_000), failure: "it ended" };
  const svg = pictureOf([
    reportOf([full("ours"), full("ours", 10_000), failed]),
    reportOf([full("ours", 100_000)], [STORM, emptyStorm(60, 5)]),
  ]);
  assert.match(svg, /A &amp; B &lt;Processor>/);
  assert.match(svg, />failed</);
  assert.match(svg, /100,000 databases/);
  assert.match(svg, /570 writes a second/);
  assert.doesNotMatch(svg, /NaN|undefined|null|Infinity/);
  const opened = svg.match(/<(svg|style|text)\b/g)?.length;
  assert.equal(svg.match(/<\/(svg|style|text)>/g)?.length, opened);
});
