import assert from "node:assert/strict";
import { STATUSES } from "../domain/status.ts";
import type { Totals } from "../feed/totals.ts";
import type { Counts } from "../registry/registry.ts";
import { iconOf, titleOf, verdictOf } from "./verdict.ts";

const NOW = 1_000_000;

function totals(counts: Partial<Counts>, more: Partial<Totals> = {}): Totals {
  const all = Object.fromEntries(
    STATUSES.map((status) => [status, counts[status] ?? 0]),
  ) as Counts;
  return {
    now: NOW,
    ready: true,
    clients: Object.values(all).reduce((a, b) => a + b),
    counts: all,
    awake: 0,
    oldestUnsyncedSince: null,
    worst: null,
    daemon: {
      state: "running",
      version: "0.5.17",
      pid: 1,
      rssBytes: 1,
      restarts: 0,
      daemons: 1,
      error: null,
    },
    firstBackups: null,
    troubles: [],
    requests: 0,
    uploads: { files: 0, bytes: 0 },
    ...more,
  };
}

const judge = (totals: Totals) =>
  verdictOf(totals, { now: NOW, locale: "en", target: "/data" });

Deno.test("one calm line when all is proved", () => {
  const verdict = judge(totals({ protected: 10_000 }));
  assert.equal(verdict.text, "10,000 clients protected, oldest unsynced 0 s");
  assert.equal(verdict.tone, "good");
  assert.equal(iconOf(verdict), "/icon.svg");
});

Deno.test("the worst is named first, with its client", () => {
  const id = "7d0f3c1e-58a2-4a7b-9a55-0c6f1d2e3b4a" as never;
  const verdict = judge(totals({ failing: 2, lagging: 5, protected: 93 }, {
    worst: { id, status: "failing", note: "AccessDenied" },
  }));
  assert.equal(verdict.text, "2 of 100 clients are failing");
  assert.equal(verdict.detail, "AccessDenied");
  assert.equal(verdict.client, id);
  assert.equal(verdict.filter, "failing");
  assert.equal(titleOf(verdict), "(!) 2 of 100 clients are failing");
  assert.equal(iconOf(verdict), "/icon-trouble.svg");
});

Deno.test("good is told only when every present client is proved and all parts run", () => {
  const { daemon } = totals({});
  const trouble = { subject: "bucket", message: "Gone", hint: null, at: 0 };
  const cases: [string, Totals][] = [
    ["empty", totals({})],
    ["only gone", totals({ gone: 3 })],
    ["only paused", totals({ paused: 3 })],
    ["first backup", totals({ discovered: 3 })],
    ["syncing", totals({ protected: 3, syncing: 1 })],
    ["not ready", totals({ protected: 3 }, { ready: false })],
    ["trouble", totals({ protected: 3 }, { troubles: [trouble] })],
    ...(["starting", "restarting", "stopped"] as const).map((state) =>
      [
        `daemon ${state}`,
        totals({ protected: 3 }, { daemon: { ...daemon, state } }),
      ] as [string, Totals]
    ),
    ...(["failing", "conflict", "blocked", "lagging"] as const).map((status) =>
      [status, totals({ protected: 3, [status]: 1 })] as [string, Totals]
    ),
  ];
  for (const [name, totals] of cases) {
    assert.notEqual(judge(totals).tone, "good", name);
  }
  assert.equal(judge(totals({ protected: 1, gone: 5 })).tone, "good");
});

Deno.test("waiting and paused clients are told", () => {
  assert.deepEqual(
    judge(
      totals({ protected: 8, syncing: 2, paused: 1 }, {
        oldestUnsyncedSince: NOW - 7_000,
      }),
    ),
    {
      tone: "busy",
      text: "8 clients protected, 2 syncing, 1 paused",
      detail: "The oldest change waits for 7 s",
      client: null,
      filter: null,
    },
  );
});

Deno.test("a daemon that does not run is worse than any client", () => {
  const { daemon } = totals({});
  const verdict = judge(totals({ failing: 9 }, {
    daemon: { ...daemon, state: "restarting", error: "It died: out of memory" },
  }));
  assert.equal(verdict.text, "Litestream is not running");
  assert.equal(verdict.detail, "It died: out of memory");
});
