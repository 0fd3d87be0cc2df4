import assert from "node:assert/strict";
import { parseClientId } from "../domain/client_id.ts";
import type { RestorePoint } from "../domain/restore_point.ts";
import { txidOf } from "../domain/txid.ts";
import type { LegacyGeneration, ReplicaContents } from "../view.ts";
import { generationsJson, restoreOptionsJson } from "./seed_shapes.ts";

const id = parseClientId("00000000-0000-4000-8000-000000000001")!;
const target = {
  kind: "s3",
  bucket: "backups",
  prefix: "databases",
  endpoint: null,
  region: null,
} as const;
const url = `s3://backups/databases/${id}`;
const start = Date.UTC(2026, 0, 1);
const time = (seconds: number) =>
  new Date(start + seconds * 1_000).toISOString();

function point(
  txid: number,
  { level = 0, min = txid, exactTime = true, at = txid * 10 } = {},
): RestorePoint {
  return {
    txid: txidOf(txid),
    at: start + at * 1_000,
    exactTime,
    level,
    minTxid: txidOf(min),
    sizeBytes: 100 * txid,
  };
}

function generation(
  name: string,
  from: number,
  to: number,
  snapshots = [from],
): LegacyGeneration {
  return {
    id: name,
    createdAt: start + from * 1_000,
    updatedAt: start + to * 1_000,
    snapshots: snapshots.map((at, index) => ({
      id: index.toString(16).padStart(8, "0"),
      createdAt: start + at * 1_000,
      sizeBytes: 7,
    })),
  };
}

const nothing: ReplicaContents = {
  points: [],
  snapshots: [],
  histories: [],
  sizeBytes: 0,
  files: [],
  truncated: false,
  legacy: [],
};

const twoHistories: ReplicaContents = {
  ...nothing,
  points: [
    point(1),
    point(2),
    point(5, { level: 9, min: 1 }),
    point(6, { exactTime: false }),
  ],
  // Taken a while after its last transaction was written.
  snapshots: [point(5, { level: 9, min: 1, at: 55 })],
  histories: [
    { from: txidOf(1), to: txidOf(2) },
    { from: txidOf(5), to: txidOf(6) },
  ],
};

Deno.test("a client without a replica has no generations and no options", () => {
  assert.deepEqual(generationsJson(id, nothing, target), {
    clientId: id,
    generations: [],
  });
  assert.deepEqual(restoreOptionsJson(id, nothing, target), {
    clientId: id,
    totalOptions: 0,
    latestBackup: null,
    restoreOptions: [],
  });
});

Deno.test("there is one generation for each unbroken history, newest first", () => {
  const contents = {
    ...twoHistories,
    legacy: [generation("0123456789abcdef", -100, -50)],
  };
  assert.deepEqual(generationsJson(id, contents, target).generations, [
    {
      id: txidOf(5),
      created: time(50),
      updated: time(60),
      source: "s3",
      snapshots: [
        { id: txidOf(5), created: time(55), size: 500, source: "s3" },
      ],
    },
    {
      id: txidOf(1),
      created: time(10),
      updated: time(20),
      source: "s3",
      // The first file of all holds everything, whatever its level.
      snapshots: [
        { id: txidOf(1), created: time(10), size: 100, source: "s3" },
      ],
    },
    {
      id: "0123456789abcdef",
      created: time(-100),
      updated: time(-50),
      source: "s3",
      snapshots: [
        { id: "00000000", created: time(-100), size: 7, source: "s3" },
      ],
    },
  ]);
  const folder = { kind: "file", root: "/r", prefix: "x" } as const;
  assert.deepEqual(
    generationsJson(id, contents, folder).generations
      .map(({ source }) => source),
    ["local", "local", "local"],
  );
});

Deno.test("options stand newest first, each with its command", () => {
  assert.deepEqual(restoreOptionsJson(id, twoHistories, target), {
    clientId: id,
    totalOptions: 4,
    latestBackup: time(60),
    restoreOptions: [
      [
        6,
        "wal",
        60,
        "Transaction 0000000000000006, level 0, time as the store tells it",
      ] as const,
      [5, "snapshot", 50, "Snapshot at transaction 0000000000000005"] as const,
      [2, "wal", 20, "Transaction 0000000000000002, level 0"] as const,
      [1, "wal", 10, "Transaction 0000000000000001, level 0"] as const,
    ].map(([txid, type, at, description]) => ({
      id: txidOf(txid),
      type,
      timestamp: time(at),
      size: 100 * txid,
      description,
      command: `litestream restore -o restored.db -txid ${txidOf(txid)} ${url}`,
    })),
  });
});

Deno.test("a long list of options ends at its limit, the newest first", () => {
  const contents = {
    ...twoHistories,
    legacy: [generation("0123456789abcdef", -100, -50)],
  };
  const listed = (limit: number) => {
    const { totalOptions, restoreOptions } = restoreOptionsJson(
      id,
      contents,
      target,
      { limit },
    );
    assert.equal(totalOptions, 5);
    return restoreOptions.map(({ id }) => id);
  };
  assert.deepEqual(listed(2), [txidOf(6), txidOf(5)]);
  assert.equal(listed(4).length, 4);
  assert.equal(listed(5).at(-1), "0123456789abcdef");
});

for (
  const { name, contents, commands } of [
    {
      name: "alone, it needs no time",
      contents: { ...nothing, legacy: [generation("a", 0, 9)] },
      commands: [["a", ""]],
    },
    {
      name: "below our own history, it is asked for by its last moment",
      contents: { ...twoHistories, legacy: [generation("a", -100, -50)] },
      commands: [["a", time(-50)]],
    },
    {
      name: "of several, all but the last are asked for by time",
      contents: {
        ...nothing,
        legacy: [generation("a", 0, 9), generation("b", 20, 29)],
      },
      commands: [["b", ""], ["a", time(9)]],
    },
    {
      name: "overlapped by another, it ends where that begins",
      contents: {
        ...nothing,
        legacy: [generation("a", 0, 40), generation("b", 20, 29)],
      },
      commands: [["b", ""], ["a", time(19.999)]],
    },
    {
      name: "covered by another from its beginning, it cannot be asked for",
      contents: {
        ...nothing,
        legacy: [generation("a", 20, 40), generation("b", 20, 29, [20, 21])],
      },
      commands: [["b", ""]],
    },
  ]
) {
  Deno.test(`a 0.3 generation: ${name}`, () => {
    const { restoreOptions } = restoreOptionsJson(id, contents, target);
    assert.deepEqual(
      restoreOptions.filter(({ type }) => type === "generation")
        .map(({ id, command }) => [id, command]),
      commands.map(([name, timestamp]) => [
        name,
        `litestream restore -o restored.db ${
          timestamp ? `-timestamp ${timestamp} ` : ""
        }${url}`,
      ]),
    );
  });
}
