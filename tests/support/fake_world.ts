import type { FileFacts } from "../../lib/domain/client.ts";
import type { ClientId } from "../../lib/domain/client_id.ts";
import type { LtxHeader } from "../../lib/domain/ltx_header.ts";
import { txidOf } from "../../lib/domain/txid.ts";
import type { Finding } from "../../lib/litestream/continuity.ts";
import type { Ports } from "../../lib/protection/ports.ts";
import { Scheduler } from "../../lib/protection/scheduler.ts";
import { Registry } from "../../lib/registry/registry.ts";
import type { StoredClient } from "../../lib/store/store.ts";
import { changed, found } from "./discovered.ts";
import { someId } from "./some_client.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * One client, and all that protection needs around it, with a daemon that does
 * what it is told: for races that real files and processes meet once in a
 * thousand times. A test replaces what is to go wrong in `daemon` and `files`.
 */
export class FakeWorld implements AsyncDisposable {
  readonly id: ClientId = someId(1);
  readonly path = `/data/${this.id}.db`;
  readonly registry: Registry;
  readonly scheduler: Scheduler;
  readonly rows = new Map<ClientId, StoredClient>();
  readonly registered = new Set<string>();
  /** What was asked of the daemon and of Litestream, by name. */
  readonly calls: string[] = [];
  readonly ports: Writable<Ports> & { readonly registry: Registry };
  facts: FileFacts | null = factsAt(1n);
  /** As long as nothing is registered. */
  finding: Finding = { kind: "new" };
  now: () => number = Date.now;
  /** How often a plan asked whether the daemon runs. */
  asked = 0;
  /** The transaction that the daemon's next sync makes. */
  txid = txidOf(1);
  /** Whether what it makes is uploaded at once. */
  uploads = true;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ idleAfterMs = 300 }: { idleAfterMs?: number } = {}) {
    const now = () => this.now();
    const ask = () => ++this.asked > 0;
    this.registry = new Registry({ rpoMs: 60_000 }, { now });
    this.ports = {
      registry: this.registry,
      now,
      replicaUrl: (id) => `file:///replica/${id}`,
      replicateOnce: () => this.#note("replicateOnce"),
      daemon: {
        rssBytes: null,
        get isUp() {
          return ask();
        },
        has: (path) => this.registered.has(path),
        register: async (path) => {
          await this.#note("register");
          this.registered.add(path);
          this.#timer = setTimeout(() => this.tellSnapshot(), 20);
        },
        unregister: async (path) => {
          await this.#note("unregister");
          this.registered.delete(path);
          return null;
        },
        replace() {},
      },
      store: {
        get: (id) => this.rows.get(id),
        rows: () => this.rows.values(),
        save: (row) => {
          const before = this.rows.get(row.id) ?? emptyRow(row.id, row.path);
          this.rows.set(row.id, { ...before, ...row });
        },
        markUnproved: ({ id, path }) => {
          const unproved = { proved: false, fingerprint: null, digest: null };
          this.ports.store.save({ id, path, ...unproved });
          return Promise.resolve();
        },
      },
      files: {
        facts: () => this.facts,
        look: () => Promise.resolve(this.finding),
        digest: () => Promise.resolve("digest"),
        resetLocalLtx: () => Promise.resolve(),
        warmPins() {},
        pin: () => Promise.resolve(null),
        pinTruncated: () => Promise.resolve(null),
      },
    };
    this.scheduler = new Scheduler({
      ports: this.ports,
      maxAwake: 4,
      maxFirst: 4,
      idleAfterMs,
    });
  }

  /** Lets discovery find the client's file. */
  find(): void {
    this.registry.discover(
      found({ id: this.id, path: this.path, facts: this.facts! }),
    );
  }

  /** Makes the client one that is asleep and protected. */
  protect(): void {
    this.find();
    this.finding = clean(this.txid);
    const proof = {
      proved: true,
      txid: this.txid,
      replicatedTxid: this.txid,
    };
    this.ports.store.save({ id: this.id, path: this.path, ...proof });
    this.registry.observe(this.id, { ...proof, dirtySince: null });
  }

  /** Its application writes: the WAL holds what is in no LTX file. */
  write(): void {
    const { id, path, registry } = this;
    this.finding = ahead(this.txid);
    this.facts = factsAt(50n);
    registry.discover(changed({ id, path, facts: this.facts }));
  }

  /** The daemon's log says that it began with a full snapshot, and uploaded it. */
  tellSnapshot(): void {
    const { id, txid, scheduler } = this;
    this.finding = clean(txid);
    // No line of a registration is of the same millisecond as the call.
    const at = Date.now() + 1;
    scheduler.hear({ kind: "verify", id, at, saltMatch: false });
    scheduler.hear({ kind: "sync", id, at, txid, snapshot: true });
    scheduler.hear({ kind: "synced", id, at });
    if (this.uploads) this.tellUpload();
  }

  /** The daemon's log says that the last transaction is in the replica. */
  tellUpload(): void {
    const { id, txid } = this;
    const at = Date.now() + 1;
    this.scheduler.hear({
      kind: "uploaded",
      id,
      at,
      level: 0,
      txid,
      bytes: 1,
    });
  }

  count(call: string): number {
    return this.calls.filter((one) => one === call).length;
  }

  get status(): string {
    const { status, activity } = this.registry.get(this.id)!;
    return `${status}, ${activity}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await this.scheduler[Symbol.asyncDispose]();
  }

  #note(call: string): Promise<void> {
    this.calls.push(call);
    return Promise.resolve();
  }
}

/** Facts of a file that was written at a time, in ns, under an inode. */
export function factsAt(modifiedNs: bigint, inode = 1n): FileFacts {
  return {
    inode,
    size: 4096n,
    modifiedNs,
    walSize: 4152n,
    walModifiedNs: modifiedNs,
    createdAt: 1,
  };
}

/** All of the WAL is in local LTX files, up to a transaction. */
export function clean(txid: LtxHeader["maxTxid"]): Finding {
  return { kind: "clean", tip: tipAt(txid) };
}

/** The WAL holds changes after a transaction. */
export function ahead(txid: LtxHeader["maxTxid"]): Finding {
  return { kind: "ahead", tip: tipAt(txid) };
}

function tipAt(maxTxid: LtxHeader["maxTxid"]): LtxHeader {
  return {
    pageSize: 4096,
    commit: 1,
    minTxid: maxTxid,
    maxTxid,
    timestampMs: 0,
    walOffset: 32,
    walSize: 4120,
    salt1: 1,
    salt2: 1,
  };
}

/** Of a client of which nothing is known. */
export function emptyRow(id: ClientId, path: string): StoredClient {
  return {
    id,
    path,
    proved: false,
    identity: null,
    txid: null,
    replicatedTxid: null,
    fingerprint: null,
    digest: null,
    lastSyncedAt: null,
    sizeBytes: 0,
    paused: false,
    snapshotTxid: null,
    housekeptAt: null,
  };
}
