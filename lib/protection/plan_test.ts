import assert from "node:assert/strict";
import fc from "fast-check";
import { someClient, someId } from "../../tests/support/some_client.ts";
import type { Client } from "../domain/client.ts";
import { isProved } from "../domain/status.ts";
import { txidOf } from "../domain/txid.ts";
import {
  type Candidate,
  idleMs,
  type Limits,
  type Plan,
  plan,
  wakeReason,
} from "./plan.ts";

const NOW = 10_000_000;
const IDLE = 45_000;
/** As small as it takes no idle time of its own. */
const sizeBytes = 0;

const limits: Limits = {
  maxAwake: 3,
  maxFirst: 3,
  newFirst: 3,
  idleAfterMs: IDLE,
  storeAnsweredAt: 0,
  triedStoreAt: 0,
};

type Said = Partial<Omit<Candidate, "client">> & {
  readonly client?: Parameters<typeof someClient>[0];
};

function candidate(number: number, { client, ...said }: Said = {}): Candidate {
  return {
    client: someClient({ number, sizeBytes, ...client }),
    busy: false,
    reason: "change",
    registeredPath: null,
    wokenAt: 0,
    lookedAt: NOW,
    notBefore: 0,
    errorSince: null,
    ...said,
  };
}

const dirty = { dirtySince: NOW - 5_000 } as const;
const first = {
  ...dirty,
  proved: false,
  txid: null,
  replicatedTxid: null,
} as const;
const awake = { activity: "awake", lastChangedAt: NOW - 60_000 } as const;
const fresh = { activity: "awake", lastChangedAt: NOW - 1_000 } as const;

interface Expected {
  readonly wake?: number[];
  readonly sleep?: number[];
  readonly recheck?: number[];
  readonly triesStore?: boolean;
  readonly nextAt?: number;
}

const cases: [
  name: string,
  candidates: Candidate[],
  expected: Expected,
  more?: Partial<Limits>,
][] = [
  ["nobody needs anything", [candidate(1)], {}],
  ["who changed wakes", [candidate(1, { client: dirty })], { wake: [1] }],
  ["who has no backup wakes", [candidate(1, { client: first })], { wake: [1] }],
  [
    "who is not proved wakes, though nothing is known to wait",
    [candidate(1, { client: { proved: false } })],
    { wake: [1] },
  ],
  [
    "who has more than its replica wakes",
    [candidate(1, { client: { txid: txidOf(2) } })],
    { wake: [1] },
  ],
  [
    "paused sleeps on",
    [candidate(1, { client: { ...dirty, paused: true } })],
    {},
  ],
  [
    "gone sleeps on",
    [candidate(1, { client: { ...dirty, presence: "gone" } })],
    {},
  ],
  ["busy is left alone", [candidate(1, { client: dirty, busy: true })], {}],
  [
    "who failed waits for its time",
    [candidate(1, { client: dirty, notBefore: NOW + 700 })],
    { nextAt: NOW + 700 },
  ],
  [
    "and wakes when that has come",
    [candidate(1, { client: dirty, notBefore: NOW })],
    { wake: [1] },
  ],
  [
    "the longest unsynced comes first, first backups last, the smallest ahead",
    [
      candidate(1, { client: { ...first, sizeBytes: 500, dirtySince: 1 } }),
      candidate(2, { client: { dirtySince: 300 } }),
      candidate(3, { client: { ...first, sizeBytes: 400 } }),
      candidate(4, { client: { dirtySince: 200 } }),
      candidate(5, {
        client: { ...first, sizeBytes: 400, lastChangedAt: NOW },
      }),
    ],
    { wake: [4, 2, 5, 3, 1] },
    { maxAwake: 9 },
  ],
  [
    "an untrusted backup comes before first backups, whatever its size",
    [
      candidate(1, { client: { ...first, sizeBytes: 1 } }),
      candidate(2, { client: { ...dirty, proved: false, sizeBytes: 500 } }),
    ],
    { wake: [2, 1] },
  ],
  [
    "first backups have places of their own",
    [
      ...[1, 2, 3].map((number) =>
        candidate(number, { client: { ...fresh, ...dirty } })
      ),
      candidate(4, { client: first }),
      candidate(5, {
        client: { ...first, activity: "waking" },
        reason: "first",
        busy: true,
      }),
      candidate(6, { client: dirty }),
    ],
    { wake: [4], nextAt: NOW + 1_000 },
  ],
  [
    "no more first backups begin than there are places for them",
    [1, 2, 3, 4, 5].map((number) => candidate(number, { client: first })),
    { wake: [1, 2, 3] },
  ],
  [
    "and no more than are to begin now, the others soon",
    [1, 2, 3, 4, 5].map((number) => candidate(number, { client: first })),
    { wake: [1, 2], nextAt: NOW + 50 },
    { newFirst: 2 },
  ],
  [
    "a large first backup waits until the others are done",
    [
      candidate(1, { client: { ...first, sizeBytes: 1 << 29 } }),
      candidate(2, { client: { ...first, sizeBytes: 3 * 2 ** 30 } }),
    ],
    { wake: [1] },
  ],
  [
    "and has the machine for itself",
    [
      candidate(1, { client: { ...first, sizeBytes: 3 * 2 ** 30 } }),
      candidate(2, { client: { ...first, sizeBytes: 4 * 2 ** 30 } }),
    ],
    { wake: [1] },
  ],
  [
    "no more wake than there are places",
    [
      candidate(1, { client: { dirtySince: 1 } }),
      candidate(2, { client: { dirtySince: 2 } }),
      candidate(3, { client: { ...fresh, ...dirty } }),
      candidate(4, { client: { activity: "waking", ...dirty }, busy: true }),
    ],
    { wake: [1], nextAt: NOW + 1_000 },
  ],
  [
    "over the limit nobody wakes",
    [
      candidate(1, { client: dirty }),
      ...[2, 3, 4, 5].map((number) =>
        candidate(number, { client: { ...fresh, ...dirty } })
      ),
    ],
    { nextAt: NOW + 1_000 },
  ],
  [
    "who is quiet for the idle time sleeps",
    [candidate(1, { client: { ...awake, lastChangedAt: NOW - IDLE } })],
    { sleep: [1] },
  ],
  [
    "not before",
    [candidate(1, { client: { ...awake, lastChangedAt: NOW - IDLE + 1 } })],
    { nextAt: NOW + 1 },
  ],
  [
    "the idle time begins when it was woken",
    [candidate(1, { client: awake, wokenAt: NOW - 15_000 })],
    { nextAt: NOW - 15_000 + IDLE },
  ],
  [
    "a large one stays longer",
    [candidate(1, { client: { ...awake, sizeBytes: 10 << 20 } })],
    { nextAt: NOW - 60_000 + IDLE + 40_000 },
  ],
  [
    "a first backup need not stay",
    [candidate(1, { client: fresh, reason: "first" })],
    { sleep: [1] },
  ],
  [
    "but only when it is in the replica",
    [candidate(1, { client: { ...fresh, ...dirty }, reason: "first" })],
    { nextAt: NOW + 1_000 },
  ],
  [
    "paused is let go, clean or not",
    [
      candidate(1, { client: { ...fresh, paused: true } }),
      candidate(2, { client: { ...fresh, ...dirty, paused: true } }),
    ],
    { sleep: [1, 2] },
  ],
  [
    "gone is let go",
    [candidate(1, { client: { ...fresh, ...dirty, presence: "gone" } })],
    { sleep: [1] },
  ],
  [
    "who moved is let go, to be registered where it is now",
    [candidate(1, { client: fresh, registeredPath: "/elsewhere.db" })],
    { sleep: [1] },
  ],
  [
    "who stayed is not",
    [candidate(1, { client: fresh, registeredPath: someClient().path })],
    { nextAt: NOW - 1_000 + IDLE },
  ],
  [
    "who is not proved is looked at again, a second after the last look",
    [
      candidate(1, { client: { ...fresh, ...dirty }, lookedAt: NOW - 1_000 }),
      candidate(2, { client: { ...fresh, ...dirty }, lookedAt: NOW - 999 }),
    ],
    { recheck: [1], nextAt: NOW + 1 },
  ],
  [
    "under pressure the longest quiet make room, not who wrote just now",
    [
      candidate(1, { client: { ...awake, lastChangedAt: NOW - 3_000 } }),
      candidate(2, { client: { ...awake, lastChangedAt: NOW - 9_000 } }),
      candidate(3, { client: { ...awake, lastChangedAt: NOW - 1_999 } }),
      candidate(4, { client: dirty }),
    ],
    { sleep: [2], nextAt: NOW - 9_000 + IDLE },
  ],
  [
    "as many as are waiting for a place",
    [
      candidate(1, { client: { ...awake, lastChangedAt: NOW - 3_000 } }),
      candidate(2, { client: { ...awake, lastChangedAt: NOW - 9_000 } }),
      candidate(4, { client: dirty }),
      candidate(5, { client: dirty }),
      candidate(6, { client: dirty }),
    ],
    { sleep: [2, 1], wake: [4], nextAt: NOW - 9_000 + IDLE },
  ],
  [
    "who is not in the replica makes no room",
    [
      candidate(1, { client: { ...awake, ...dirty } }),
      candidate(2, { client: { ...awake, ...dirty } }),
      candidate(3, { client: { ...awake, ...dirty } }),
      candidate(4, { client: dirty }),
    ],
    { nextAt: NOW + 1_000 },
  ],
  [
    "without pressure nobody makes room",
    [
      candidate(1, { client: { ...awake, lastChangedAt: NOW - 9_000 } }),
      candidate(4, { client: dirty }),
    ],
    { wake: [4], nextAt: NOW - 9_000 + IDLE },
  ],
  [
    "an error that is young is left to the daemon",
    [
      candidate(1, {
        client: { ...fresh, ...dirty },
        errorSince: NOW - 9_999,
      }),
    ],
    { nextAt: NOW + 1_000 },
  ],
  [
    "of the stuck one tries the store",
    [1, 2, 3].map((number) =>
      candidate(number, {
        client: { ...fresh, ...dirty },
        errorSince: NOW - 10_000,
      })
    ),
    { sleep: [1], triesStore: true },
  ],
  [
    "not again so soon",
    [
      candidate(1, {
        client: { ...fresh, ...dirty },
        errorSince: NOW - 10_000,
      }),
    ],
    {},
    { triedStoreAt: NOW - 14_999 },
  ],
  [
    "again after a while",
    [
      candidate(1, {
        client: { ...fresh, ...dirty },
        errorSince: NOW - 10_000,
      }),
    ],
    { sleep: [1], triesStore: true },
    { triedStoreAt: NOW - 15_000 },
  ],
  [
    "when the store answered since, all of them try at once",
    [1, 2, 3].map((number) =>
      candidate(number, {
        client: { ...fresh, ...dirty },
        errorSince: NOW - 500,
      })
    ),
    { sleep: [1, 2, 3] },
    { storeAnsweredAt: NOW - 400 },
  ],
  [
    "what it answered before the error says nothing",
    [
      candidate(1, {
        client: { ...fresh, ...dirty },
        errorSince: NOW - 500,
      }),
    ],
    { nextAt: NOW + 1_000 },
    { storeAnsweredAt: NOW - 500 },
  ],
];

for (const [name, candidates, expected, more] of cases) {
  Deno.test(`plan: ${name}`, () => {
    const told = plan(NOW, candidates, { ...limits, ...more });
    const isFirst = ({ client }: Candidate) =>
      told.wake.includes(client.id) && wakeReason(client) === "first";
    assert.deepEqual(told, {
      wake: ids(expected.wake),
      first: candidates.filter(isFirst).length,
      sleep: ids(expected.sleep),
      recheck: ids(expected.recheck),
      triesStore: expected.triesStore ?? false,
      nextAt: expected.nextAt ?? Infinity,
    });
  });
}

Deno.test("the idle time grows with the size, 256 KiB a second", () => {
  const at = (sizeBytes: number) => idleMs(someClient({ sizeBytes }), IDLE);
  assert.equal(at(0), IDLE);
  assert.equal(at(256 << 10), IDLE + 1_000);
  assert.equal(at(1 << 30), IDLE + 4_096_000);
});

const time = fc.integer({ min: NOW - 100_000, max: NOW + 50_000 });
const anyClient = fc.record({
  activity: fc.constantFrom<Client["activity"]>(
    "asleep",
    "waking",
    "awake",
    "drowsing",
  ),
  presence: fc.constantFrom<Client["presence"]>("present", "present", "gone"),
  paused: fc.boolean(),
  proved: fc.boolean(),
  sizeBytes: fc.nat(1 << 30),
  lastChangedAt: fc.option(time),
  dirtySince: fc.option(time),
  txid: fc.option(fc.nat(3).map(txidOf)),
  replicatedTxid: fc.option(fc.nat(3).map(txidOf)),
});
const anyCandidates = fc.array(
  fc.record({
    client: anyClient,
    busy: fc.boolean(),
    reason: fc.constantFrom("first" as const, "change" as const),
    wokenAt: time,
    lookedAt: time,
    notBefore: time,
    errorSince: fc.option(time),
  }),
  { maxLength: 30 },
).map((all) => all.map((said, index) => candidate(index + 1, said)));
const anyLimits: fc.Arbitrary<Limits> = fc.record({
  maxAwake: fc.integer({ min: 1, max: 12 }),
  maxFirst: fc.integer({ min: 1, max: 12 }),
  newFirst: fc.integer({ min: 1, max: 12 }),
  idleAfterMs: fc.constantFrom(0, 300, IDLE),
  storeAnsweredAt: time,
  triedStoreAt: time,
});

Deno.test("whatever there is, a plan keeps its promises", () => {
  fc.assert(
    fc.property(anyCandidates, anyLimits, (candidates, limits) => {
      const told = plan(NOW, candidates, limits);
      const byId = new Map(candidates.map((each) => [each.client.id, each]));
      const lists = [...told.wake, ...told.sleep, ...told.recheck];
      assert.equal(new Set(lists).size, lists.length, "one is listed twice");
      for (const id of lists) {
        assert(!byId.get(id)!.busy, "a busy one is listed");
      }

      const isAwake = ({ client }: Candidate) => client.activity !== "asleep";
      const awakeFor = (reason: Candidate["reason"]) =>
        candidates.filter((each) => isAwake(each) && each.reason === reason);
      const places = {
        change: limits.maxAwake - awakeFor("change").length,
        first: Math.min(
          limits.maxFirst - awakeFor("first").length,
          limits.newFirst,
        ),
      };
      const wakes = { change: 0, first: 0 };
      for (const id of told.wake) wakes[wakeReason(byId.get(id)!.client)]++;
      for (const id of told.wake) {
        const { client, notBefore } = byId.get(id)!;
        assert.equal(client.activity, "asleep");
        assert.equal(client.presence, "present");
        assert(!client.paused && !isProved(client) && notBefore <= NOW);
      }
      for (const id of told.sleep) assert(isAwake(byId.get(id)!));
      for (const id of told.recheck) {
        const each = byId.get(id)!;
        assert(isAwake(each) && !isProved(each.client));
      }
      assert(told.nextAt > NOW, "what is due now is done now");
      // No place stays empty while somebody waits for it.
      const waiting = candidates.filter(({ client, busy, notBefore }) =>
        !busy && client.activity === "asleep" &&
        client.presence === "present" &&
        !client.paused && !isProved(client) && notBefore <= NOW
      );
      for (const reason of ["change", "first"] as const) {
        const wanted = waiting.filter(({ client }) =>
          wakeReason(client) === reason
        );
        const most = Math.max(0, Math.min(places[reason], wanted.length));
        if (reason === "change") assert.equal(wakes.change, most);
        else assert(wakes.first <= most, "more than places");
        // Large ones wait for others, but not for ever.
        if (most > 0 && awakeFor(reason).length === 0) {
          assert(wakes[reason] > 0, "nobody begins");
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("a plan changes nothing, and is the same again in any order", () => {
  fc.assert(
    fc.property(anyCandidates, anyLimits, (candidates, limits) => {
      const before = structuredClone(candidates);
      const told = plan(NOW, candidates, limits);
      assert.deepEqual(candidates, before);
      assert.deepEqual(plan(NOW, candidates, limits), told);
      const turned = plan(NOW, candidates.toReversed(), limits);
      assert.deepEqual(sizes(turned), sizes(told));
      assert.deepEqual(turned.recheck.toSorted(), told.recheck.toSorted());
    }),
    { numRuns: 500 },
  );
});

Deno.test("of a thousand that were backed up, few take their leave at once", () => {
  const done = Array.from(
    { length: 1_000 },
    (_, index) =>
      candidate(index + 1, {
        client: fresh,
        reason: "first",
        busy: index < 150,
        wokenAt: NOW - 3_000,
      }),
  );
  const places = { ...limits, maxFirst: 1_000 };
  const { sleep, nextAt } = plan(NOW, done, places);
  assert.equal(sleep.length, 50);
  assert.equal(nextAt, NOW + 50);
  // Whoever waits for a place gets it at once.
  const waiting = candidate(1_001, { client: first });
  assert.equal(plan(NOW, [...done, waiting], places).sleep.length, 850);
});

function sizes({ wake, sleep, recheck, triesStore, nextAt }: Plan) {
  return [wake.length, sleep.length, recheck.length, triesStore, nextAt];
}

function ids(numbers: readonly number[] = []) {
  return numbers.map((number) => someId(number));
}
