import { getLogger } from "@logtape/logtape";
import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import { basename, dirname, join } from "node:path";
import type { Config } from "./config.ts";
import { Meter } from "./costs/meter.ts";
import { Discovery } from "./discovery/discovery.ts";
import { readFacts } from "./discovery/file_facts.ts";
import { distinctRoots } from "./discovery/roots.ts";
import {
  type ClientId,
  databaseStem,
  parseClientId,
} from "./domain/client_id.ts";
import type { DiscoveryEvent } from "./domain/discovery_event.ts";
import type { Drill } from "./domain/drill.ts";
import { SNAPSHOT_LEVEL } from "./domain/holding.ts";
import { connectionUrl, targetIdentity } from "./domain/replica_target.ts";
import { Driller } from "./drill/driller.ts";
import { freeBytes } from "./drill/free_bytes.ts";
import { AuditLog } from "./feed/audit_log.ts";
import { FirstBackups } from "./feed/first_backups.ts";
import { sleep } from "./domain/sleep.ts";
import { TXID_ZERO } from "./domain/txid.ts";
import { HistoryBook } from "./feed/history_book.ts";
import { childEnvironment } from "./litestream/child_environment.ts";
import { errorHint } from "./litestream/error_hint.ts";
import { look } from "./litestream/continuity.ts";
import { DaemonPool, type PoolState } from "./litestream/daemon_pool.ts";
import { resetLocalLtx } from "./litestream/local_ltx.ts";
import type { LogEvent } from "./litestream/log_event.ts";
import { replicateOnce } from "./litestream/once.ts";
import { endLeftOverOneShots } from "./litestream/one_shot.ts";
import { pageDigest } from "./litestream/page_digest.ts";
import { restoreOnce } from "./litestream/restore.ts";
import { MemorySaver } from "./memory_saver.ts";
import { firstPlaces } from "./protection/first_places.ts";
import { PinKeeper } from "./protection/pin_keeper.ts";
import { Scheduler, type Work } from "./protection/scheduler.ts";
import { Registry } from "./registry/registry.ts";
import {
  openReplicaReader,
  type ReplicaReader,
} from "./replica/replica_reader.ts";
import { controlSocketPath } from "./litestream/socket_path.ts";
import {
  FolderLock,
  refuseIfLockedAbove,
  refuseIfLockedBelow,
} from "./store/folder_lock.ts";
import { Store } from "./store/store.ts";
import type {
  HistoryEntry,
  ManagerView,
  ReplicaContents,
  Trouble,
} from "./view.ts";

const log = getLogger(["litestream-manager"]);

export interface ManagerOptions {
  readonly config: Config;
  /** Path of the Litestream program. */
  readonly litestream: string;
  /** The environment to take credentials from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** See `WakeOptions`: only a test may turn it off. @default {true} */
  readonly guard?: boolean;
}

/** How long the clients that are awake may take for their last sync, in ms. */
export const DRAIN_MS = 20_000;
/** How long the last look at all files may take, in ms, and what follows from it. */
const LAST_SCAN_MS = 3_000;
const LAST_SETTLE_MS = 1_000;
const MAX_TROUBLES = 50;
/** As many of the bucket's clients are looked at, a page of its listing each thousand. */
const MAX_BUCKET_CLIENTS = 100_000;
/** Beyond this, one Litestream gets slow at compacting one database after the other. */
const PER_DAEMON = 500;

/**
 * Builds all parts of the program and owns their lives: discovery tells the
 * registry of files, the scheduler gives clients to the daemon, the daemon's
 * log tells how far their replicas are.
 */
export class Manager implements ManagerView, AsyncDisposable {
  readonly config: Config;
  readonly registry: Registry;
  readonly startedAt: number = Date.now();
  readonly requests: Record<string, number> = {};
  readonly uploads = { files: 0, bytes: 0 };
  readonly #options: ManagerOptions;
  readonly #firstBackups: FirstBackups;
  readonly #maxFirst: number;
  readonly #history = new HistoryBook();
  readonly #scanned = signal(false);
  readonly #troubles = signal<readonly Trouble[]>([]);
  readonly #ending = new AbortController();
  readonly #resources = new AsyncDisposableStack();
  readonly #ready: ReadonlySignal<boolean>;
  #store!: Store;
  #costs!: Meter;
  #audit!: AuditLog;
  #daemon!: DaemonPool;
  #scheduler: Scheduler | null = null;
  #driller: Driller | null = null;
  #discovery: Discovery | null = null;
  #replica: ReplicaReader | null = null;

  private constructor(options: ManagerOptions) {
    this.#options = options;
    this.config = options.config;
    this.registry = new Registry({ rpoMs: options.config.rpoMs });
    this.#maxFirst = firstPlaces(this.config.maxAwake, availableMemory());
    this.#firstBackups = this.#resources.use(new FirstBackups(this.registry));
    this.#ready = computed(() =>
      this.#scanned.value && this.#daemon.state.value.state === "running"
    );
  }

  /**
   * Takes the folders, starts the daemon and scans. Resolves when every file
   * that was there is known. Throws when a folder is missing, or another
   * manager has it.
   */
  static async start(options: ManagerOptions): Promise<Manager> {
    const manager = new Manager(options);
    try {
      await manager.#start();
      return manager;
    } catch (error) {
      await manager[Symbol.asyncDispose]();
      throw error;
    }
  }

  get ready(): ReadonlySignal<boolean> {
    return this.#ready;
  }

  get daemon(): ReadonlySignal<PoolState> {
    return this.#daemon.state;
  }

  get troubles(): ReadonlySignal<readonly Trouble[]> {
    return this.#troubles;
  }

  get firstBackups(): FirstBackups["progress"] {
    return this.#firstBackups.progress;
  }

  get costs(): Meter {
    return this.#costs;
  }

  get audit(): AuditLog {
    return this.#audit;
  }

  /** What protection did since the start. */
  get work(): Work {
    return this.#scheduler?.work ??
      { wakes: 0, snapshots: 0, settled: 0, lapses: 0 };
  }

  ignored() {
    return this.#discovery?.ignored() ?? [];
  }

  history(id: ClientId): readonly HistoryEntry[] {
    return this.#history.read(id);
  }

  async restorePoints(
    id: ClientId,
    options: { signal: AbortSignal },
  ): Promise<ReplicaContents> {
    const at = Date.now();
    const contents = await this.#reader.read(id, options);
    this.#costs.listed(id, { ...contents, at });
    return contents;
  }

  async bucketOnly(
    { signal }: { signal: AbortSignal },
  ): Promise<{ ids: ClientId[]; truncated: boolean }> {
    const { ids, truncated } = await this.#reader.clientIds({
      signal,
      limit: MAX_BUCKET_CLIENTS,
    });
    return { ids: ids.filter((id) => !this.registry.get(id)), truncated };
  }

  snapshot(id: ClientId): void {
    this.#scheduler?.requestSnapshot(id);
  }

  drill(id: ClientId): void {
    this.#driller?.request(id);
  }

  get #reader(): ReplicaReader {
    return this.#replica ??= this.#resources.use(
      openReplicaReader(this.config.target, {
        env: this.#options.env,
        onRequest: (method, id) => this.#count(method, id),
      }),
    );
  }

  pause(id: ClientId): void {
    this.#setPaused(id, true);
  }

  resume(id: ClientId): void {
    this.#setPaused(id, false);
    this.#scheduler?.retry(id);
  }

  /**
   * Stops taking work and lets the clients that are awake finish their last
   * sync.
   *
   * @returns how many clients have something that is not in the replica
   */
  async drain({ boundMs = DRAIN_MS }: { boundMs?: number } = {}): Promise<
    number
  > {
    // Last syncs do not wait for it.
    const drilling = this.#driller?.[Symbol.asyncDispose]();
    await this.#scheduler?.drain({ boundMs });
    await drilling;
    // What was written a moment ago, or since, may not have been told yet.
    await Promise.race([
      this.#discovery?.rescan(),
      sleep(LAST_SCAN_MS, { signal: this.#ending.signal }),
    ]);
    await this.#discovery?.[Symbol.asyncDispose]();
    await this.#scheduler?.settleLast({ boundMs: LAST_SETTLE_MS });
    const left = this.#scheduler?.unsynced() ?? [];
    for (const { id, path } of left.slice(0, 20)) {
      log.warn("Not everything of {id} ({path}) is in the replica", {
        id,
        path,
      });
    }
    return left.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#resources.disposeAsync();
  }

  async #start(): Promise<void> {
    const { config, litestream } = this.#options;
    const resources = this.#resources;
    const roots = distinctRoots(config.watchDirs);
    await Deno.mkdir(config.stateDir, { recursive: true, mode: 0o700 });
    resources.use(FolderLock.take(config.stateDir));
    for (const folder of roots) {
      refuseIfLockedAbove(folder);
      this.#takeFolder(folder);
    }
    this.#store = resources.use(
      Store.open(
        join(config.stateDir, "state.db"),
        targetIdentity(config.target),
      ),
    );
    this.#costs = resources.use(new Meter(this.#store.costs));
    this.#costs.start();
    this.#audit = new AuditLog({
      known: this.#store.actions(),
      keep: (entry) => this.#store.keepAction(entry),
    });
    const refuted: ClientId[] = [];
    for (const row of this.#store.rows()) {
      const drill = this.#store.drill(row.id);
      this.registry.remember(row, drill);
      if (drill?.result === "refuted") refuted.push(row.id);
    }
    await endLeftOverOneShots(config.stateDir);
    this.#daemon = resources.use(
      await DaemonPool.start({
        program: litestream,
        env: this.#childEnvironment,
        stateDir: config.stateDir,
        most: Math.ceil((config.maxAwake + this.#maxFirst) / PER_DAEMON),
        capacity: PER_DAEMON,
        socketOf: (name) => controlSocketPath(config.stateDir, name),
        retentionMs: config.retentionMs,
        onEvent: (event) => this.#hear(event),
        onDown: (paths) => this.#scheduler?.daemonDown(paths),
        onUp: () => this.#scheduler?.daemonUp(),
        wantsVerify: (id) => this.#scheduler?.wantsVerify(id) ?? false,
      }),
    );
    this.#scheduler = resources.use(this.#buildScheduler());
    this.#discovery = resources.use(
      await Discovery.start({
        watchDirs: config.watchDirs,
        signal: this.#ending.signal,
        onEvents: (events) => this.#discover(events),
        onTrouble: (trouble) => this.#trouble(trouble),
        isKnown: (id, path, fingerprint) => {
          const client = this.registry.get(id);
          return client?.fingerprint === fingerprint && client.path === path;
        },
      }),
    );
    this.#endFirstScan();
    const present = this.registry.clients()
      .filter(({ presence }) => presence === "present");
    refuseIfLockedBelow(present.map(({ path }) => dirname(path)), roots);
    this.#scanned.value = true;
    this.#scheduler.start();
    // What was wanted in an earlier run may not have been taken.
    for (const id of refuted) this.#scheduler.requestSnapshot(id);
    this.#driller = resources.use(this.#buildDriller());
    this.#driller.start();
    const isIdle = () => this.registry.awake === 0;
    resources.use(new MemorySaver({ isIdle }));
  }

  get #childEnvironment(): Record<string, string> {
    const { config: { target }, env } = this.#options;
    const region = target.kind === "s3" ? target.region : null;
    return childEnvironment(env, { region });
  }

  #buildScheduler(): Scheduler {
    const { config, guard, litestream } = this.#options;
    const pins = this.#resources.use(new PinKeeper(config.watchDirs));
    return new Scheduler({
      ports: {
        registry: this.registry,
        daemon: this.#daemon,
        store: this.#store,
        files: {
          facts: readFacts,
          look,
          digest: pageDigest,
          resetLocalLtx,
          warmPins: () => pins.warm(),
          pin: (path) => pins.pin(path),
          pinTruncated: (path) => pins.pinTruncated(path),
        },
        replicateOnce: async (databasePath, replicaUrl, options) => {
          await replicateOnce({
            program: litestream,
            env: this.#childEnvironment,
            stateDir: config.stateDir,
            retentionMs: config.retentionMs,
            databasePath,
            replicaUrl,
            onEvent: (event) => this.#hear(event),
            ...options,
          });
          this.#noteSnapshot(databasePath);
        },
        replicaUrl: (id) => connectionUrl(config.target, id),
        now: Date.now,
      },
      maxAwake: config.maxAwake,
      maxFirst: this.#maxFirst,
      idleAfterMs: config.idleAfterMs,
      ...guard === undefined ? {} : { guard },
    });
  }

  #buildDriller(): Driller {
    const { config, litestream } = this.#options;
    return new Driller({
      ports: {
        registry: this.registry,
        rows: () => this.#store.rows(),
        row: (id) => this.#store.get(id),
        freeBytes: () => freeBytes(config.stateDir),
        digest: pageDigest,
        facts: readFacts,
        now: Date.now,
        restore: ({ id }, options, use) =>
          restoreOnce({
            program: litestream,
            env: this.#childEnvironment,
            stateDir: config.stateDir,
            replicaUrl: connectionUrl(config.target, id),
            onEvent: (event) => {
              if (event.kind === "request") this.#count(event.method, id);
            },
            ...options,
          }, use),
      },
      perDay: config.drillsPerDay,
      onDrill: (id, drill) => this.#noteDrill(id, drill),
      onInconclusive: (id, reason, last) => {
        const text = `Trial restore: no verdict, ${reason}${
          last ? "; given up" : ""
        }`;
        this.#history.write(id, { at: Date.now(), kind: "error", text });
      },
      onTrouble: (reason) => {
        const subject = "Trial restores";
        if (reason === null) return this.#trouble({ subject, cleared: true });
        const message = `No backup can be tried: ${reason}`;
        const { hint } = errorHint(reason);
        this.#trouble({ subject, message, hint });
      },
    });
  }

  #noteDrill(id: ClientId, drill: Drill): void {
    const { at, problem, result } = drill;
    this.#history.write(id, {
      at,
      kind: problem === null ? "drilled" : "error",
      text: problem === null
        ? "Restored whole, and equal to the database"
        : `Trial restore: ${problem}`,
    });
    this.#store.keepDrill(id, drill);
    if (result === "refuted") {
      this.#scheduler?.distrust(id).catch((error) =>
        log.error("Cannot have {id} uploaded anew: {error}", { id, error })
      );
    }
  }

  /** Until the first scan is done, what it finds and nobody knew is kept here. */
  #strangers: DiscoveryEvent[] | null = [];

  /**
   * Of two files with one id the one that was protected before stays the
   * client, whichever was found first.
   */
  #discover(events: readonly DiscoveryEvent[]): void {
    for (const event of events) {
      const isKnown = this.#strangers === null ||
        event.kind === "found" && event.isKnown ||
        this.registry.get(event.id)?.path === event.path;
      if (isKnown) this.registry.discover(event);
      else this.#strangers!.push(event);
    }
  }

  #endFirstScan(): void {
    const events = this.#strangers ?? [];
    this.#strangers = null;
    // That those who were known are still there is no news.
    this.#resources.use(
      this.registry.onChange((after, before) =>
        this.#history.note(after, before, Date.now())
      ),
    );
    for (const event of events) this.registry.discover(event);
  }

  #hear(event: LogEvent): void {
    switch (event.kind) {
      case "request":
        this.#count(event.method, event.client);
        return;
      case "compacted":
        this.uploads.files++;
        this.uploads.bytes += event.bytes;
        this.#costs.uploaded(event.id, event);
        return;
      case "deleting":
        this.#costs.deleted(event.id, event);
        return;
      case "uploaded":
        this.uploads.files++;
        this.uploads.bytes += event.bytes;
        this.#costs.uploaded(event.id, event);
        this.#history.write(event.id, {
          at: event.at,
          kind: "uploaded",
          text: `Transaction ${event.txid}`,
          bytes: event.bytes,
          databaseBytes: this.registry.get(event.id)?.sizeBytes ?? 0,
        });
        break;
      case "notice":
        log.warn("Litestream: {message}", { message: event.message });
        return;
      case "error":
        log.debug("Litestream on {id}: {message}", {
          id: event.id,
          message: event.message,
        });
    }
    this.#scheduler?.hear(event);
  }

  #count(method: string, id: ClientId | null): void {
    this.requests[method] = (this.requests[method] ?? 0) + 1;
    this.#costs.request(method, id);
  }

  /** Litestream's log has no line for it, so its size is not known either. */
  #noteSnapshot(databasePath: string): void {
    const id = parseClientId(databaseStem(basename(databasePath)) ?? "");
    if (id === null) return;
    const txid = this.registry.get(id)?.replicatedTxid ?? TXID_ZERO;
    const level = SNAPSHOT_LEVEL;
    this.#costs.uploaded(id, { level, txid, bytes: null });
    const text = "A snapshot was uploaded, retention enforced";
    this.#history.write(id, { at: Date.now(), kind: "snapshot", text });
  }

  #trouble(
    trouble:
      | { subject: string; message: string; hint: string | null }
      | { subject: string; cleared: true },
  ): void {
    const others = this.#troubles.peek()
      .filter(({ subject }) => subject !== trouble.subject);
    if ("cleared" in trouble) {
      this.#troubles.value = others;
      return;
    }
    log.warn("{subject}: {message}", { ...trouble });
    this.#troubles.value = [...others, { ...trouble, at: Date.now() }]
      .slice(-MAX_TROUBLES);
  }

  /** A folder that we may not write to cannot be locked, and hardly protected. */
  #takeFolder(folder: string): void {
    try {
      this.#resources.use(FolderLock.take(folder));
    } catch (error) {
      const readOnly = error instanceof Deno.errors.PermissionDenied ||
        (error as { code?: string }).code === "EROFS";
      if (!readOnly) throw error;
      this.#trouble({
        subject: folder,
        message: "The folder cannot be written to",
        hint:
          "Litestream writes beside every database: give this user write access",
      });
    }
  }

  #setPaused(id: ClientId, paused: boolean): void {
    const client = this.registry.get(id);
    if (client === undefined) return;
    this.#store.save({ id, path: client.path, paused });
    this.registry.observe(id, { paused });
  }
}

/** What this machine has left, in bytes; null when nobody knows. */
function availableMemory(): number | null {
  try {
    return Deno.systemMemoryInfo().available;
  } catch {
    // A permission is missing: --allow-sys.
    return null;
  }
}
