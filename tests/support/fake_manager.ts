import { signal } from "@preact/signals-core";
import type { Config } from "../../lib/config.ts";
import { Meter } from "../../lib/costs/meter.ts";
import type { Client, FileFacts } from "../../lib/domain/client.ts";
import type { ClientId } from "../../lib/domain/client_id.ts";
import { LIST_PRICES } from "../../lib/domain/prices.ts";
import { txidOf } from "../../lib/domain/txid.ts";
import { AuditLog } from "../../lib/feed/audit_log.ts";
import { FirstBackups } from "../../lib/feed/first_backups.ts";
import { MemoryBook } from "./memory_book.ts";
import { Registry } from "../../lib/registry/registry.ts";
import type {
  DaemonFacts,
  HistoryEntry,
  ManagerView,
  ReplicaContents,
  Trouble,
} from "../../lib/view.ts";
import { changed, found } from "./discovered.ts";

/**
 * A manager without Litestream, for tests and measurements of the dashboard
 * alone: a real registry, filled with clients, that a driver changes.
 */
export class FakeManager implements ManagerView {
  readonly registry: Registry;
  readonly startedAt: number;
  readonly ready = signal(true);
  readonly troubles = signal<readonly Trouble[]>([]);
  readonly daemon = signal<DaemonFacts>({
    state: "running",
    version: "0.5.17",
    pid: 4711,
    rssBytes: 31_457_280,
    restarts: 0,
    daemons: 1,
    error: null,
  });
  readonly requests: Record<string, number> = { PUT: 0, LIST: 0, GET: 0 };
  readonly audit: AuditLog;
  readonly costs: Meter;
  /** What the bucket has beyond the registry, and which snapshots and drills were asked for. */
  onlyInBucket: { ids: readonly ClientId[]; truncated: boolean } = {
    ids: [],
    truncated: false,
  };
  readonly snapshots: ClientId[] = [];
  readonly drills: ClientId[] = [];
  readonly uploads = { files: 0, bytes: 0 };
  readonly config: Config = {
    watchDirs: ["/srv/tenants"],
    target: {
      kind: "s3",
      bucket: "backups",
      prefix: "databases",
      endpoint: "http://127.0.0.1:9000",
      region: "us-east-1",
    },
    bucket: "s3://backups",
    host: "127.0.0.1",
    port: 8080,
    stateDir: "/var/lib/litestream-manager",
    rpoMs: 60_000,
    idleAfterMs: 45_000,
    maxAwake: 256,
    drillsPerDay: 100,
    retentionMs: 7 * 86_400_000,
    prices: LIST_PRICES,
    litestream: null,
    logFormat: "text",
  };
  readonly #first: FirstBackups;
  readonly #now: () => number;
  readonly #histories = new Map<ClientId, HistoryEntry[]>();
  readonly #facts = new Map<ClientId, FileFacts>();
  readonly #txids = new Map<ClientId, bigint>();

  constructor({ now = Date.now }: { now?: () => number } = {}) {
    this.#now = now;
    this.startedAt = now();
    this.audit = new AuditLog({ now });
    this.costs = new Meter(new MemoryBook(), { now });
    this.registry = new Registry({ rpoMs: this.config.rpoMs }, { now });
    this.#first = new FirstBackups(this.registry, { now });
  }

  get firstBackups() {
    return this.#first.progress;
  }

  /** Adds clients that are all proved to be protected; returns their ids. */
  fill(count: number): ClientId[] {
    const ids: ClientId[] = [];
    for (let n = 0; n < count; n++) {
      const id = idOf(n);
      ids.push(id);
      const age = 60_000 + (n * 7_919_000) % (30 * 86_400_000);
      this.add(id, {
        path: `/srv/tenants/eu-${n % 7}/${id}.db`,
        sizeBytes: 8_192 + (n * 48_271) % 50_000_000,
        changedAt: this.#now() - age,
      });
      this.prove(id, this.#now() - age + 1_500);
    }
    return ids;
  }

  add(
    id: ClientId,
    { path, sizeBytes, changedAt }: {
      path: string;
      sizeBytes: number;
      changedAt: number;
    },
  ): void {
    const facts: FileFacts = {
      inode: BigInt(this.#facts.size + 1),
      size: BigInt(sizeBytes),
      modifiedNs: BigInt(Math.round(changedAt)) * 1_000_000n,
      walSize: -1n,
      walModifiedNs: 0n,
      createdAt: changedAt - 86_400_000,
    };
    this.#facts.set(id, facts);
    this.#txids.set(id, 1n);
    this.registry.discover(found({ id, path, facts }));
    this.note(id, "found", "Found on disk");
  }

  /** The application writes. */
  change(id: ClientId): void {
    const before = this.#facts.get(id)!;
    const facts = {
      ...before,
      modifiedNs: BigInt(Math.round(this.#now())) * 1_000_000n,
    };
    this.#facts.set(id, facts);
    const { path } = this.registry.get(id)!;
    this.registry.discover(changed({ id, path, facts }));
    this.registry.observe(id, { activity: "awake" });
    this.note(id, "changed", "Changed on disk");
  }

  /** Everything of a client reaches the replica. */
  prove(id: ClientId, at = this.#now()): void {
    const number = (this.#txids.get(id) ?? 0n) + 1n;
    this.#txids.set(id, number);
    const txid = txidOf(number);
    this.uploads.files++;
    this.uploads.bytes += 4_096;
    this.requests.PUT!++;
    this.registry.observe(id, {
      proved: true,
      txid,
      replicatedTxid: txid,
      dirtySince: null,
      error: null,
      lastSyncedAt: at,
    });
    this.note(id, "uploaded", `Uploaded up to ${txid}`, 4_096);
  }

  fail(id: ClientId, message: string, hint: string | null = null): void {
    this.registry.observe(id, {
      error: { message, hint, at: this.#now() },
      activity: "awake",
    });
    this.note(id, "error", message);
  }

  sleep(id: ClientId): void {
    this.registry.observe(id, { activity: "asleep" });
    this.note(id, "asleep", "Fell asleep");
  }

  note(
    id: ClientId,
    kind: HistoryEntry["kind"],
    text: string,
    bytes?: number,
  ): void {
    const entries = this.#histories.get(id) ?? [];
    const at = this.#now();
    entries.push(
      bytes === undefined ? { at, kind, text } : {
        at,
        kind,
        text,
        bytes,
      },
    );
    this.#histories.set(id, entries.slice(-200));
  }

  ignored() {
    return [
      {
        path: "/srv/tenants/eu-1/notes.db",
        reason: 'The name "notes" is no UUID',
      },
      {
        path: `/srv/tenants/eu-2/${idOf(900_001)}.db`,
        reason: "Not an SQLite database: its header is something else",
      },
    ];
  }

  history(id: ClientId): readonly HistoryEntry[] {
    return this.#histories.get(id) ?? [];
  }

  // deno-lint-ignore require-await
  async restorePoints(
    id: ClientId,
    { signal }: { signal: AbortSignal },
  ): Promise<ReplicaContents> {
    signal.throwIfAborted();
    const last = Number(this.#txids.get(id) ?? 1n);
    const count = Math.min(last, 40);
    const points = Array.from({ length: count }, (_, index) => {
      const number = last - (count - 1 - index);
      const level = index % 10 === 0 ? 9 : index % 3;
      return {
        txid: txidOf(number),
        minTxid: txidOf(level === 9 ? 1 : number),
        at: this.#now() - (count - index) * 1_800_000,
        exactTime: true,
        level,
        sizeBytes: level === 9 ? 1_048_576 : 4_096,
      };
    });
    return {
      points,
      snapshots: points.filter(({ level }) => level === 9),
      histories: points.length === 0
        ? []
        : [{ from: txidOf(1), to: points.at(-1)!.txid }],
      sizeBytes: points.reduce((sum, point) => sum + point.sizeBytes, 0),
      files: points.map(({ level, txid, sizeBytes }) => ({
        level,
        maxTxid: txid,
        sizeBytes,
      })),
      truncated: false,
      legacy: [],
    };
  }

  // deno-lint-ignore require-await
  async bucketOnly({ signal }: { signal: AbortSignal }) {
    signal.throwIfAborted();
    return this.onlyInBucket;
  }

  snapshot(id: ClientId): void {
    this.snapshots.push(id);
  }

  drill(id: ClientId): void {
    this.drills.push(id);
  }

  pause(id: ClientId): void {
    this.registry.observe(id, { paused: true, activity: "asleep" });
  }

  resume(id: ClientId): void {
    this.registry.observe(id, { paused: false });
  }
}

/** The nth made-up id, always the same and spread over all digits. */
export function idOf(n: number): ClientId {
  const hash = (seed: number) =>
    (Math.imul(n + seed, 0x9e3779b1) ^ Math.imul(n ^ seed, 0x85ebca6b)) >>> 0;
  const digits = [1, 2, 3, 4].map((seed) =>
    hash(seed).toString(16).padStart(8, "0")
  ).join("");
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `a${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join("-") as ClientId;
}

/** Puts a few clients into each kind of trouble, as an operator might meet it. */
export function addTrouble(
  manager: FakeManager,
  ids: readonly ClientId[],
  now: number,
): void {
  const set = (id: ClientId | undefined, change: Partial<Client>) => {
    if (id !== undefined) manager.registry.observe(id, change);
  };
  const [failing, denied, late, locked, twice, paused, lost] = ids;
  if (failing) {
    manager.change(failing);
    manager.fail(
      failing,
      "sync: upload LTX file 000000000000002a: operation error S3: PutObject, https response error StatusCode: 403, AccessDenied",
      "The credentials may not write to the bucket: allow s3:PutObject on s3://backups/databases/*",
    );
  }
  if (denied) {
    manager.change(denied);
    manager.fail(
      denied,
      "database disk image is malformed",
      "Check the file with: sqlite3 FILE 'PRAGMA integrity_check'",
    );
  }
  if (late) manager.change(late);
  set(late, { dirtySince: now - 95_000 });
  set(locked, { blocked: "Locked exclusively by another process since 40 s" });
  if (twice) {
    const { path } = manager.registry.get(twice)!;
    manager.registry.discover(
      found({
        id: twice,
        path: path.replace("/srv/tenants/", "/srv/tenants/restored/"),
        facts: {
          inode: 99n,
          size: 8_192n,
          modifiedNs: BigInt(now) * 1_000_000n,
          walSize: -1n,
          walModifiedNs: 0n,
          createdAt: now,
        },
      }),
    );
  }
  if (paused) manager.pause(paused);
  if (lost) {
    const { path } = manager.registry.get(lost)!;
    manager.registry.discover({ kind: "lost", id: lost, path });
  }
}

/**
 * Lets the meter count what clients asked for: the first most, the last only what
 * was there before the meter.
 */
export function runUpCosts(
  { costs }: FakeManager,
  ids: readonly ClientId[],
): void {
  for (const [index, id] of ids.entries()) {
    const isOld = index >= ids.length - 2;
    const uploads = Math.ceil(400 / (index + 1));
    for (let n = 1; n <= uploads; n++) {
      for (const method of ["LIST", "PUT", "GET"]) costs.request(method, id);
      const txid = txidOf(isOld ? n + 7 : n);
      const bytes = 4_096 + (index * 48_271 + n * 7_919) % 3_000_000;
      costs.uploaded(id, { level: 0, txid, bytes });
    }
    if (index === 1) {
      const txid = txidOf(uploads);
      costs.uploaded(id, { level: 9, txid, bytes: null });
    }
  }
  costs.request("LIST", null);
  costs.flush();
}

/**
 * Changes clients at random until aborted: `perSecond` writes, each in the
 * replica about a second later. The rate may be changed meanwhile.
 */
export async function drive(
  manager: FakeManager,
  ids: readonly ClientId[],
  rate: { readonly perSecond: number },
  signal: AbortSignal,
): Promise<void> {
  const pending: { id: ClientId; due: number }[] = [];
  let owed = 0;
  let n = 0;
  while (!signal.aborted) {
    owed += rate.perSecond / 10;
    for (; owed >= 1; owed--) {
      // A few clients write most of the time, as in real fleets.
      const id = ids[Math.floor(ids.length * Math.random() ** 3)];
      if (id === undefined) continue;
      const { status } = manager.registry.get(id)!;
      if (status !== "protected" && status !== "syncing") continue;
      manager.change(id);
      pending.push({ id, due: Date.now() + 800 + Math.random() * 700 });
    }
    for (const { id } of pending.splice(0, dueCount(pending))) {
      manager.prove(id);
    }
    if (++n % 10 === 0) manager.registry.tick();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function dueCount(pending: readonly { due: number }[]): number {
  const now = Date.now();
  const index = pending.findIndex(({ due }) => due > now);
  return index === -1 ? pending.length : index;
}
