import { getLogger } from "@logtape/logtape";
import { backoffMs } from "../domain/backoff.ts";
import type { Client } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import { isProved } from "../domain/status.ts";
import { sleep } from "../domain/sleep.ts";
import type { Txid } from "../domain/txid.ts";
import { errorHint } from "../litestream/error_hint.ts";
import type { LogEvent } from "../litestream/log_event.ts";
import type { Registry } from "../registry/registry.ts";
import { Duties, type Duty, NO_DUTY } from "./duties.ts";
import { Housekeeper } from "./housekeeper.ts";
import { lookAwake } from "./look_awake.ts";
import { fallAsleep } from "./fall_asleep.ts";
import { type Candidate, plan, wakeReason } from "./plan.ts";
import type { Ports } from "./ports.ts";
import { replicaReaches } from "./replica_reaches.ts";
import { distrust, settle } from "./settle.ts";
import { VerdictDesk } from "./verdict.ts";
import { wake, type WakeOutcome } from "./wake.ts";

const log = getLogger(["litestream-manager", "protection"]);

export interface SchedulerOptions {
  readonly ports: Ports & { readonly registry: Registry };
  readonly maxAwake: number;
  readonly maxFirst: number;
  readonly idleAfterMs: number;
  /** See `WakeOptions`. @default {true} */
  readonly guard?: boolean;
}

/** How often something was done since the start. */
export interface Work {
  /** Clients that were given to the daemon, with a verdict that proved it. */
  readonly wakes: number;
  /** Those of them that began with a full snapshot. */
  readonly snapshots: number;
  /** Clients that were found protected without the daemon. */
  readonly settled: number;
  /** Attempts that failed. */
  readonly lapses: number;
}

/** Plans are made no more often than this, in ms, and take this part of the time. */
const PLAN_EVERY_MS = 50;
const PLAN_SHARE = 1 / 10;
const TICK_MS = 1_000;
/** How long after a write to a client in sync the guard looks at it, in ms. */
const ECHO_MS = 150;
/** In this time, in ms, as many first backups begin as there are places for them. */
const PACE_MS = 1_000;
const MAX_BACKOFF_MS = 30_000;
/** How long the upload of a first backup is waited for, in ms, before others look after it. */
const UPLOAD_MS = 10_000;
const BLOCKED_BACKOFF = { firstMs: 250, maxMs: 5_000 };
/** A daemon that served so many and has nobody now is replaced: it keeps their memory. */
const REPLACE_AFTER = 200;
/** A daemon that nobody needs is replaced when it has more memory: a fresh one has half. */
const FAT_BYTES = 64 << 20;
const LAST_SYNC_MS = 10_000;
/** While more are waking, an upload that comes a second late is waited for. */
const MOST_HASTENED = 32;
/** How long the program's end waits for clients that are just waking, in ms. */
const VERDICT_MS = 3_000;
/** How long it waits for what is under way, in ms. */
const END_MS = 2_000;
/** The clock was set back when it is more than this behind, in ms. */
const CLOCK_STEP_MS = 1_000;
/** How many clients fall asleep at once when the program ends. */
const DRAIN_PARALLEL = 64;
/** How large those are together, in bytes, that get a snapshot then. */
const DRAIN_BYTES = 64 << 20;

/**
 * Carries out what `plan` decides, one thing at a time for each client, and
 * tells the registry what comes of it.
 */
export class Scheduler implements AsyncDisposable {
  readonly #ports: SchedulerOptions["ports"];
  readonly #options: SchedulerOptions;
  readonly #desk = new VerdictDesk();
  readonly #housekeeper: Housekeeper;
  readonly #duties = new Duties();
  readonly #running = new Set<Promise<void>>();
  readonly #subscription: Disposable;
  readonly #work = { wakes: 0, snapshots: 0, settled: 0, lapses: 0 };
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAt = Infinity;
  #lastPlan = 0;
  #planCostMs = 0;
  #started = false;
  readonly #ending = new AbortController();
  #storeAnsweredAt = 0;
  #triedStoreAt = 0;
  #clock = 0;
  /** First backups that may begin, and when that was reckoned. */
  #pace = 0;
  #pacedAt = 0;
  #served = 0;
  /** Clients that are on their way to the daemon. */
  #waking = 0;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#ports = options.ports;
    this.#housekeeper = new Housekeeper({
      ports: options.ports,
      desk: this.#desk,
      duties: this.#duties,
      signal: this.#ending.signal,
      carryOut: (id, work) => this.#carryOut(id, work),
      fallAsleep: (id) => this.#fallAsleep(id),
      onSnapshot: () => this.#work.snapshots++,
    });
    this.#subscription = options.ports.registry.onChange((after, before) => {
      if (after === null) return;
      if (calls(after, before)) this.#planWithin(0);
      // Often it was the daemon itself that wrote, and there is nothing to sync.
      if (
        after.activity === "awake" && before !== null && isProved(before) &&
        after.dirtySince !== null
      ) this.#lookSoon(after.id, ECHO_MS);
    });
  }

  /** Begins to plan; until then it only listens. */
  start(): void {
    this.#started = true;
    this.#planWithin(0);
  }

  /** What was done since the start; see `Work`. */
  get work(): Work {
    return this.#work;
  }

  /** Whether a client's verdict is waited for; see `parseLogLine`. */
  wantsVerify(id: ClientId): boolean {
    return this.#desk.awaits(id);
  }

  /** Takes in what the daemon's log says. */
  hear(event: LogEvent): void {
    this.#desk.hear(event);
    if (!("id" in event)) return;
    const { id } = event;
    const { registry } = this.#ports;
    switch (event.kind) {
      case "replica": {
        const client = registry.get(id);
        if (client === undefined) return;
        const { replicaTxid: replicatedTxid, localTxid: txid } = event;
        if (this.#duties.peek(id) !== undefined) {
          this.#duties.of(id).uploadsTo = txid;
        }
        if (client.replicatedTxid !== replicatedTxid || client.txid !== txid) {
          registry.observe(id, { replicatedTxid, txid });
        }
        if (!isProved(registry.get(id)!)) this.#lookUnlessBusy(id);
        break;
      }
      case "uploaded":
        this.#storeAnswered(event.at);
        if (event.level !== 0) return;
        registry.observe(id, { replicatedTxid: event.txid });
        this.#lookUnlessBusy(id);
        break;
      case "error": {
        const client = registry.get(id);
        // What fails while everything is in the replica is no client's
        // trouble: compaction and retention come again.
        if (client?.activity !== "awake" || isProved(client)) return;
        const { hint, kind } = errorHint(
          `${event.message} ${event.hint ?? ""}`,
        );
        const duty = this.#duties.of(id);
        duty.errorSince ??= this.#ports.now();
        duty.reset ||= kind === "local";
        registry.observe(id, {
          error: {
            message: event.message,
            hint: hint ?? event.hint,
            at: event.at,
          },
        });
      }
    }
  }

  /** A daemon ended, and with it the registrations of these databases. */
  daemonDown(paths: ReadonlySet<string>): void {
    const { registry } = this.#ports;
    const lost = [...registry.attention()].filter(({ id, path }) =>
      paths.has(this.#duties.peek(id)?.registeredPath ?? path)
    );
    this.#desk.daemonDown(lost.map(({ id }) => id));
    for (const client of lost) {
      const duty = this.#duties.of(client.id);
      // Whatever is being done with it finds out by itself.
      duty.uploading?.abort();
      if (client.activity !== "awake" || duty.busy) continue;
      this.#markLost(client);
    }
    if (registry.awake === 0) this.#served = 0;
  }

  /** A daemon answers: what waited for it goes on. */
  daemonUp(): void {
    this.#planWithin(0);
  }

  /** Forgets that a client failed, so that it is tried at once. */
  retry(id: ClientId): void {
    const duty = this.#duties.of(id);
    duty.notBefore = 0;
    duty.attempts = 0;
    this.#planWithin(0);
  }

  /**
   * Takes a snapshot of a client soon: after it fell asleep, when it is awake.
   * One that is not protected gets its turn when it is.
   */
  requestSnapshot(id: ClientId): void {
    this.#housekeeper.request(id);
    this.#planWithin(0);
  }

  /**
   * What the replica has of a client does not restore: all of it is uploaded anew,
   * and a snapshot after that, which restores begin with from then on. Resolves when
   * that survives a kill.
   */
  async distrust(id: ClientId): Promise<void> {
    const { registry, now } = this.#ports;
    const client = registry.get(id);
    if (client === undefined) return;
    registry.observe(id, {
      fingerprint: null,
      dirtySince: client.dirtySince ?? now(),
    });
    this.requestSnapshot(id);
    await distrust(id, this.#ports);
  }

  /** Lets every client that is awake finish its last sync, within `boundMs`. */
  async drain({ boundMs }: { boundMs: number }): Promise<void> {
    this.#end();
    const { registry } = this.#ports;
    const deadline = performance.now() + boundMs;
    const verdicts = Math.min(deadline, performance.now() + VERDICT_MS);
    const leaving = [...registry.attention()]
      .filter(({ id, activity }) =>
        activity !== "asleep" && this.#duties.peek(id)?.busy
      )
      .map(({ id }) => id);
    await settleAll(this.#running, verdicts);
    // Their last sync may be over, and they may have been written since.
    const hasTime = deadline - performance.now() > VERDICT_MS;
    for (const id of hasTime ? leaving : []) this.#wakeAgain(id);
    const others = this.#sleepAll(deadline);
    const verdictsOrEnd = () =>
      settleAll(
        this.#running,
        Math.min(deadline, performance.now() + VERDICT_MS),
      );
    await verdictsOrEnd();
    await settleAll([others], deadline);
    await this.#sleepAll(deadline);
    // Whose WAL Litestream itself restarted in its last sync, say: it needs a snapshot.
    const again = deadline - performance.now() > 2 * VERDICT_MS
      ? this.#stillToSync()
      : [];
    for (const id of again) this.#wakeAgain(id);
    if (again.length > 0) await verdictsOrEnd();
    this.#desk.close();
    await settleAll(this.#running, deadline);
    await this.#sleepAll(deadline);
    await this.settleLast({ boundMs: deadline - performance.now() });
  }

  /** Lets everybody fall asleep who is awake and left alone, whoever has something to sync first. */
  async #sleepAll(deadline: number): Promise<void> {
    const awake = [...this.#ports.registry.attention()]
      .filter(({ id, activity }) =>
        activity === "awake" && !this.#duties.peek(id)?.busy
      )
      .sort((a, b) => Number(isProved(b)) - Number(isProved(a)))
      .map(({ id }) => id);
    const worker = async () => {
      for (let id = awake.pop(); id !== undefined; id = awake.pop()) {
        const left = deadline - performance.now();
        if (left < 500) return;
        const path = this.#duties.of(id).registeredPath;
        await fallAsleep(id, this.#ports, { path, timeoutMs: left });
      }
    };
    const workers = new Set(Array.from({ length: DRAIN_PARALLEL }, worker));
    await settleAll(workers, deadline);
  }

  /** Gives it to the daemon once more, if something of it is not in the replica. */
  #wakeAgain(id: ClientId): void {
    const client = this.#ports.registry.get(id);
    if (client?.activity !== "asleep" || client.presence !== "present") return;
    if (isProved(client) || client.paused) return;
    const done = this.#wake(id)
      .catch((error: Error) =>
        log.error("Cannot take care of {id}: {error}", { id, error })
      )
      .finally(() => this.#running.delete(done));
    this.#running.add(done);
  }

  /**
   * Looks once more, within `boundMs`, at those that sleep and are not proved, when no
   * later plan will: Litestream may move a WAL into its database after it let go of it.
   */
  async settleLast({ boundMs }: { boundMs: number }): Promise<void> {
    const deadline = performance.now() + boundMs;
    const settleEach = async () => {
      for (const { id, activity } of this.unsynced()) {
        if (performance.now() > deadline) return;
        if (activity === "asleep") await settle(id, this.#ports);
      }
    };
    await settleAll([settleEach()], deadline);
  }

  /**
   * Clients with a backup that another registration may bring up to date in a moment;
   * many, or large ones, are left to the next start.
   */
  #stillToSync(): ClientId[] {
    const clients = this.unsynced()
      .filter(({ error, blocked, replicatedTxid }) =>
        error === null && blocked === null && replicatedTxid !== null
      );
    const bytes = clients.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return clients.length <= DRAIN_PARALLEL && bytes <= DRAIN_BYTES
      ? clients.map(({ id }) => id)
      : [];
  }

  /** The clients of which something is not in the replica. */
  unsynced(): Client[] {
    return [...this.#ports.registry.attention()].filter((client) =>
      client.presence === "present" && !client.paused && !isProved(client)
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    this.#desk.close();
    // What still waits for the daemon ends with it.
    await settleAll(this.#running, performance.now() + END_MS);
  }

  #end(): void {
    this.#ending.abort();
    this.#subscription[Symbol.dispose]();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Sees to it that a plan is made within `ms`. */
  #planWithin(ms: number): void {
    if (!this.#started || this.#ending.signal.aborted) return;
    const pause = Math.max(PLAN_EVERY_MS, this.#planCostMs / PLAN_SHARE);
    const earliest = this.#lastPlan + pause;
    const at = Math.max(performance.now() + ms, earliest);
    if (this.#timer !== null && this.#timerAt <= at) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#planNow();
    }, Math.max(0, at - performance.now()));
  }

  #planNow(): void {
    const { registry, daemon, now } = this.#ports;
    this.#lastPlan = performance.now();
    this.#followClock(now());
    registry.tick();
    const limits = {
      maxAwake: this.#options.maxAwake,
      maxFirst: this.#options.maxFirst,
      newFirst: this.#paceFirst(),
      idleAfterMs: this.#options.idleAfterMs,
      storeAnsweredAt: this.#storeAnsweredAt,
      triedStoreAt: this.#triedStoreAt,
    };
    const decided = plan(
      now(),
      this.#candidates(),
      limits,
    );
    const { wake, recheck, nextAt } = decided;
    this.#planCostMs = performance.now() - this.#lastPlan;
    if (decided.triesStore) this.#triedStoreAt = now();
    if (daemon.isUp) {
      this.#pace -= decided.first;
      for (const id of wake) this.#carryOut(id, () => this.#wake(id));
      for (const id of decided.sleep) {
        this.#carryOut(id, () => this.#fallAsleep(id));
      }
    }
    for (const id of recheck) this.#lookSoon(id);
    if (daemon.isUp) this.#housekeeper.work();
    if (
      this.#isDaemonFat() && registry.awake === 0 &&
      wake.length === 0 && daemon.isUp
    ) {
      this.#served = 0;
      daemon.replace();
    }
    this.#planWithin(Math.max(0, Math.min(TICK_MS, nextAt - now())));
  }

  /**
   * How many first backups may begin at this plan. Each is idle for a second and
   * then busy: begun all at once they would all be idle, then all busy.
   */
  #paceFirst(): number {
    const { maxFirst } = this.#options;
    const passed = this.#lastPlan - this.#pacedAt;
    this.#pacedAt = this.#lastPlan;
    this.#pace = Math.min(maxFirst, this.#pace + maxFirst * passed / PACE_MS);
    return Math.floor(this.#pace);
  }

  /** After a clock that was set back, nobody waits for the time that was. */
  #followClock(now: number): void {
    const before = this.#clock;
    this.#clock = now;
    if (now > before - CLOCK_STEP_MS) return;
    const back = before - now;
    this.#duties.shift(back);
    this.#housekeeper.shift(back);
    this.#storeAnsweredAt -= back;
    this.#triedStoreAt -= back;
  }

  *#candidates(): Generator<Candidate> {
    let idle: Duty & { client: Client } | null = null;
    for (const client of this.#ports.registry.attention()) {
      const duty = this.#duties.peek(client.id);
      if (duty !== undefined) yield { client, ...duty };
      else {
        // Of 100,000 that wait, an object each would be half of a plan's cost.
        idle ??= { client, ...NO_DUTY };
        idle.client = client;
        yield idle;
      }
    }
  }

  /** Runs one thing for a client; nothing else runs for it meanwhile. */
  #carryOut(id: ClientId, work: () => Promise<void>): void {
    const duty = this.#duties.of(id);
    if (duty.busy || this.#ending.signal.aborted) return;
    duty.busy = true;
    const done = work()
      .catch((error: Error) => {
        log.error("Cannot take care of {id}: {error}", { id, error });
        this.#postpone(id, error.message, null);
      })
      .finally(() => {
        duty.busy = false;
        this.#running.delete(done);
        this.#tidy(id);
        this.#planWithin(0);
      });
    this.#running.add(done);
  }

  async #wake(id: ClientId): Promise<void> {
    const { registry, now } = this.#ports;
    const duty = this.#duties.of(id);
    const client = registry.get(id);
    if (client === undefined) return;
    duty.reason = wakeReason(client);
    duty.uploadsTo = null;
    // Of many at once each would be the later for it, one that failed has time,
    // and at the end a last sync comes anyway.
    const hastens = duty.reason === "change" && duty.attempts === 0 &&
      this.#waking < MOST_HASTENED && !this.#ending.signal.aborted;
    registry.observe(id, { activity: "waking" });
    let outcome: WakeOutcome;
    this.#waking++;
    try {
      outcome = await wake(id, this.#ports, {
        desk: this.#desk,
        reset: duty.reset,
        guard: this.#options.guard ?? true,
        ...hastens ? { uploadsTo: () => duty.uploadsTo } : {},
      });
    } catch (error) {
      registry.observe(id, { activity: "asleep" });
      throw error;
    } finally {
      this.#waking--;
    }
    switch (outcome.kind) {
      case "awake":
        // The daemon listed the replica before it gave its verdict.
        this.#storeAnswered(now());
        this.#served++;
        this.#work.wakes++;
        if (outcome.snapshot !== null) this.#work.snapshots++;
        Object.assign(duty, {
          wokenAt: now(),
          lookedAt: now(),
          reset: false,
          registeredPath: client.path,
        });
        this.#succeeded(duty);
        registry.observe(id, {
          activity: this.#ports.daemon.has(client.path) ? "awake" : "asleep",
          blocked: null,
        });
        if (duty.reason === "first" && await this.#isUploaded(id, outcome)) {
          await lookAwake(id, this.#ports);
          const now = registry.get(id);
          // It was told meanwhile that the daemon wrote.
          const isUndecided = now?.activity === "awake" && !isProved(now);
          return isUndecided ? this.#lookSoon(id, ECHO_MS) : undefined;
        }
        return this.#lookSoon(id);
      case "blocked":
        registry.observe(id, { activity: "asleep", blocked: outcome.reason });
        // Locks are short: one that waits for them is tried more often.
        duty.notBefore = now() + backoffMs(++duty.attempts, BLOCKED_BACKOFF);
        return;
      case "failed":
        this.#work.lapses++;
        duty.reset ||= outcome.reset;
        duty.waitsForStore = outcome.scope === "store";
        registry.observe(id, { activity: "asleep" });
        return this.#postpone(id, outcome.message, outcome.hint);
      case "settled":
        this.#work.settled++;
        this.#succeeded(duty);
        registry.observe(id, { activity: "asleep" });
        return;
      case "down":
      case "gone":
        registry.observe(id, { activity: "asleep" });
    }
  }

  /**
   * Waits for the upload of a full snapshot, as a rule a moment: looking before
   * is in vain.
   */
  async #isUploaded(
    id: ClientId,
    { snapshot }: { snapshot: Txid | null },
  ): Promise<boolean> {
    if (snapshot === null) return false;
    const { registry } = this.#ports;
    const duty = this.#duties.of(id);
    duty.uploading = new AbortController();
    const signal = AbortSignal.any([
      duty.uploading.signal,
      this.#ending.signal,
    ]);
    const timeoutMs = UPLOAD_MS;
    try {
      return await replicaReaches(id, snapshot, {
        registry,
        timeoutMs,
        signal,
      }) && !this.#ending.signal.aborted;
    } finally {
      duty.uploading = null;
      this.#letGoIfLost(id);
    }
  }

  /** Its daemon ended while something was waited for. */
  #letGoIfLost(id: ClientId): void {
    const { registry, daemon } = this.#ports;
    const client = registry.get(id);
    const duty = this.#duties.of(id);
    if (
      client?.activity !== "awake" ||
      daemon.has(duty.registeredPath ?? client.path)
    ) return;
    this.#markLost(client);
  }

  /** Nobody watches it any more: the guard looks before it is protected. */
  #markLost({ id, dirtySince }: Client): void {
    const { registry, now } = this.#ports;
    this.#duties.of(id).registeredPath = null;
    registry.observe(id, {
      activity: "asleep",
      dirtySince: dirtySince ?? now(),
    });
  }

  async #fallAsleep(id: ClientId): Promise<void> {
    const duty = this.#duties.of(id);
    const problem = await fallAsleep(id, this.#ports, {
      path: duty.registeredPath,
      timeoutMs: LAST_SYNC_MS,
    });
    duty.registeredPath = null;
    duty.errorSince = null;
    if (problem === null) return this.#succeeded(duty);
    const { kind, hint } = errorHint(problem);
    duty.waitsForStore = kind === "store";
    duty.reset ||= kind === "local";
    if (this.#ports.daemon.isUp) this.#postpone(id, problem, hint);
  }

  /** It keeps the memory that those needed who sleep now. */
  #isDaemonFat(): boolean {
    return this.#served > REPLACE_AFTER ||
      this.#served > 0 && (this.#ports.daemon.rssBytes ?? 0) > FAT_BYTES;
  }

  #succeeded(duty: Duty): void {
    Object.assign(duty, {
      attempts: 0,
      notBefore: 0,
      waitsForStore: false,
      errorSince: null,
    });
  }

  #postpone(id: ClientId, message: string, hint: string | null): void {
    const { registry, now } = this.#ports;
    const duty = this.#duties.of(id);
    duty.notBefore = now() + this.#nextPause(duty);
    const before = registry.get(id)?.error;
    registry.observe(id, { error: { message, hint, at: now() } });
    if (before?.message !== message) {
      log.warn("Client {id} is not protected: {message}", { id, message });
    }
  }

  #nextPause(duty: Duty): number {
    return backoffMs(++duty.attempts, { maxMs: MAX_BACKOFF_MS });
  }

  /** The bucket took something: whoever waited for it is tried again. */
  #storeAnswered(at: number): void {
    const wasAt = this.#storeAnsweredAt;
    this.#storeAnsweredAt = Math.max(wasAt, at);
    if (at - wasAt < TICK_MS) return;
    this.#duties.storeAnswered();
  }

  /** Whoever is busy with it looks at its end. */
  #lookUnlessBusy(id: ClientId): void {
    if (!this.#duties.peek(id)?.busy) this.#lookSoon(id);
  }

  /** Looks at a client that is awake; once at a time. */
  #lookSoon(id: ClientId, ms = 0): void {
    const duty = this.#duties.of(id);
    if (duty.lookQueued || this.#ending.signal.aborted) return;
    duty.lookQueued = true;
    const done = sleep(ms, { signal: this.#ending.signal })
      .then(() => lookAwake(id, this.#ports))
      .then(() => {
        duty.lookedAt = this.#ports.now();
        duty.lookQueued = false;
        const client = this.#ports.registry.get(id);
        if (client?.error === null) duty.errorSince = null;
      }, (error) => {
        duty.lookQueued = false;
        duty.lookedAt = this.#ports.now();
        log.warn("Cannot look at {id}: {error}", { id, error });
      })
      .finally(() => {
        this.#running.delete(done);
        this.#tidy(id);
        this.#planWithin(0);
      });
    this.#running.add(done);
  }

  /** Forgets what was done about a client that needs nothing. */
  #tidy(id: ClientId): void {
    const client = this.#ports.registry.get(id);
    const { busy, notBefore } = this.#duties.of(id);
    const rests = client === undefined || client.activity === "asleep" &&
        (client.presence === "gone" || isProved(client));
    if (rests && !busy && notBefore <= this.#ports.now()) {
      this.#duties.forget(id);
    }
  }
}

/** Whether a change asks for a plan. */
function calls(after: Client, before: Client | null): boolean {
  if (after.activity !== "asleep") {
    return after.presence === "gone" || after.paused ||
      isProved(after) && (before === null || !isProved(before));
  }
  return after.presence === "present" && !after.paused && !isProved(after) &&
    (before === null || isProved(before) || before.presence === "gone" ||
      before.paused);
}

async function settleAll(
  work: Iterable<Promise<unknown>>,
  deadline: number,
): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.max(0, deadline - performance.now()));
  await Promise.race([Promise.allSettled([...work]), late]);
  clearTimeout(timer);
}
