import { identityOf } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import { sleep } from "../domain/sleep.ts";
import type { Txid } from "../domain/txid.ts";
import { headerOf, isOneWal, tipOf } from "../litestream/continuity.ts";
import { isUnreachable } from "../litestream/control_socket.ts";
import { errorHint } from "../litestream/error_hint.ts";
import { pathProblem } from "../litestream/path_problem.ts";
import { BusyError } from "./pin.ts";
import type { HeldPin } from "./pin_keeper.ts";
import type { Ports } from "./ports.ts";
import { settle } from "./settle.ts";
import type { Verdict, VerdictDesk } from "./verdict.ts";

/**
 * How waking ended.
 *
 * - `awake`: the daemon has it, and its verdict proved that nothing was missed
 * - `settled`: nothing had to be done, it sleeps on and is protected
 * - `blocked`: the application stands in the way
 * - `failed`: `message` says why; `reset` asks for Litestream's files beside
 *   the database to be made anew
 */
export type WakeOutcome =
  | {
    readonly kind: "awake";
    /** The transaction of the full snapshot that it began with; null without one. */
    readonly snapshot: Txid | null;
  }
  | { readonly kind: "settled" | "down" | "gone" }
  | { readonly kind: "blocked"; readonly reason: string }
  | {
    readonly kind: "failed";
    readonly message: string;
    readonly hint: string | null;
    readonly scope: "store" | "client";
    readonly reset: boolean;
  };

export interface WakeOptions {
  readonly desk: VerdictDesk;
  /** Litestream's files beside the database are broken: begin anew. */
  readonly reset: boolean;
  /** How long to wait for a verdict, in ms. @default {20000} */
  readonly verdictMs?: number;
  /**
   * Up to where the daemon had LTX files when it last began to upload since this
   * call; null before it did. With it, an upload that the daemon would begin a
   * second late is hastened.
   */
  readonly uploadsTo?: () => Txid | null;
  /**
   * Without the guard, registrations lose data now and then: only the fuzz that
   * has to show this turns it off.
   *
   * @default {true}
   */
  readonly guard?: boolean;
}

/** How long it may take Litestream to list the replica before that counts as slow, in ms. */
const LISTED_MS = 150;
const LISTED_STEP_MS = 10;
/** More than this, in bytes, takes so long to upload that a second is not the point. */
const HASTE_MAX_BYTES = 1 << 20;
/** How long a last sync may take that is to hasten an upload, in ms. */
const HASTE_MS = 5_000;
/** The same for one that is not to go on, in ms. */
const LET_GO_MS = 1_000;
/** After so many registrations without a proof it is left to a later time. */
const ATTEMPTS = 4;

/**
 * Gives a client to the daemon without letting a change slip through: looks,
 * pins, empties a WAL that cannot be trusted, registers, and waits for the
 * verdict in the daemon's log. A database whose WAL was restarted while the
 * daemon was away ends in a full snapshot.
 */
export async function wake(
  id: ClientId,
  ports: Ports,
  options: WakeOptions,
): Promise<WakeOutcome> {
  const { registry } = ports;
  const client = registry.get(id);
  if (client === undefined) return { kind: "gone" };
  const { path } = client;
  const odd = pathProblem(path);
  if (odd !== null) return failure(odd, "Rename the folder");
  if (options.guard === false) return await wakeUnguarded(id, ports, options);
  try {
    if (!options.reset && await settle(id, ports)) return { kind: "settled" };

    const proved = registry.get(id)?.proved ?? false;
    const before = ports.files.facts(path);
    if (before === null) return { kind: "gone" };
    const identity = identityOf(before);
    const chain = { intact: proved && !options.reset };
    if (chain.intact) ports.files.warmPins();
    await ports.store.markUnproved({ id, path });
    registry.observe(id, { proved: false, fingerprint: null });
    try {
      if (options.reset) await ports.files.resetLocalLtx(path);
      return await registerProved(id, path, chain, ports, options);
    } finally {
      // Where the daemon wrote nothing, what was proved before still is.
      // Otherwise an outage would cost every client a full snapshot. Nothing is
      // waited for between this look and the telling.
      const now = ports.files.facts(path);
      const isSame = now !== null && identityOf(now) === identity &&
        registry.get(id)?.path === path;
      if (chain.intact && isSame) {
        ports.store.save({ id, path, proved: true, identity });
        registry.observe(id, { proved: true });
      }
    }
  } catch (error) {
    if (error instanceof BusyError) {
      return { kind: "blocked", reason: error.message };
    }
    return failure((error as Error).message, null);
  }
}

async function registerProved(
  id: ClientId,
  path: string,
  /** `intact` as long as nothing can be missing in the chain of LTX files. */
  chain: { intact: boolean },
  ports: Ports,
  options: WakeOptions,
): Promise<WakeOutcome> {
  let needsSnapshot = !chain.intact;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await using hold = new Hold();
    const inode = ports.files.facts(path)?.inode;
    const first = await ports.files.look(path);
    // A new client gets a full snapshot in any case, and a reader of ours would
    // keep Litestream from turning WAL mode on.
    if (first.kind === "new") {
      needsSnapshot = true;
      // What the replica has belongs to a history that ended here.
      ports.registry.observe(id, { txid: null, replicatedTxid: null });
      ports.store.save({ id, path, txid: null, replicatedTxid: null });
    } else {
      hold.take(await ports.files.pin(path));
      const finding = await ports.files.look(path);
      if (finding.kind === "broken") needsSnapshot = true;
      if (needsSnapshot) {
        await hold.drop();
        hold.take(await ports.files.pinTruncated(path));
      }
    }
    let tip = first.kind === "new"
      ? null
      : headerOf(await ports.files.look(path));
    let wasIntact = chain.intact;
    chain.intact = false;
    let verdict = await register(id, path, ports, options);
    if (
      verdict.kind === "continued" && !needsSnapshot && hold.holds &&
      ports.files.facts(path)?.inode === inode &&
      await isUploadLate(path, verdict.txid, ports, options)
    ) {
      // A last sync uploads at once. The pin is held all the time: nothing is
      // missed, and whoever lets go of the database is not the last.
      const problem = await unregister(path, ports, HASTE_MS);
      const now = headerOf(await ports.files.look(path));
      chain.intact = isOneWal(tip, now);
      if (problem !== null) return failure(problem, null);
      if (!chain.intact) {
        needsSnapshot = true;
        continue;
      }
      chain.intact = false;
      tip = now;
      wasIntact = true;
      verdict = await register(id, path, ports, options);
    }
    // Nobody knows which of two files the daemon has open.
    const replaced = ports.files.facts(path)?.inode !== inode;
    if (
      !replaced && (verdict.kind === "snapshot" ||
        verdict.kind === "continued" && !needsSnapshot)
    ) {
      chain.intact = true;
      return { kind: "awake", snapshot: snapshotOf(verdict) };
    }
    if (verdict.kind === "down") return { kind: "down" };
    // A registration that is not proved must not go on.
    const unregistered = await unregister(path, ports, LET_GO_MS) === null;
    const isSame =
      tipOf(await ports.files.look(path)) === (tip?.maxTxid ?? null);
    chain.intact = wasIntact && unregistered && isSame && !replaced;
    if (verdict.kind === "failed") {
      return failure(verdict.message, verdict.hint);
    }
    if (verdict.kind === "silent") {
      // It asks a store that does not answer again and again for minutes, and
      // logs nothing of it.
      return {
        kind: "failed",
        message: "Litestream did not begin in time",
        hint:
          "The S3 store probably does not answer: check --endpoint and the network; it is tried again",
        scope: "store",
        reset: false,
      };
    }
    needsSnapshot = true;
  }
  return failure(
    `Litestream wrote no full snapshot in ${ATTEMPTS} attempts`,
    "The application restarts the WAL all the time; it is tried again",
  );
}

async function register(
  id: ClientId,
  path: string,
  ports: Ports,
  { desk, verdictMs = 20_000 }: WakeOptions,
): Promise<Verdict> {
  if (desk.isClosed) return { kind: "down" };
  const verdict = desk.expect(id, { timeoutMs: verdictMs });
  try {
    await ports.daemon.register(path, ports.replicaUrl(id));
  } catch (error) {
    desk.cancel(id);
    if (isUnreachable(error)) return { kind: "down" };
    return { kind: "failed", message: (error as Error).message, hint: null };
  }
  return await verdict;
}

/**
 * Whether the little that was written of a client waits for the daemon's next
 * tick, a second from now, and `WakeOptions.uploadsTo` asks to hasten it. Beginning
 * with a database, Litestream reads the WAL and lists the replica side by side: a
 * store that is quicker than the reading leaves it with nothing to upload.
 */
async function isUploadLate(
  path: string,
  txid: Txid,
  { files }: Ports,
  { uploadsTo }: WakeOptions,
): Promise<boolean> {
  if (uploadsTo === undefined) return false;
  for (let waited = 0; waited < LISTED_MS; waited += LISTED_STEP_MS) {
    const listed = uploadsTo();
    if (listed !== null && listed >= txid) return false;
    if (listed !== null) {
      const tip = headerOf(await files.look(path));
      if (tip !== null && tip.maxTxid >= txid) {
        return tip.walSize <= HASTE_MAX_BYTES;
      }
    }
    await sleep(LISTED_STEP_MS);
  }
  return false;
}

/** Takes it from the daemon; says what went wrong, in which case it is gone all the same. */
async function unregister(
  path: string,
  { daemon }: Ports,
  timeoutMs: number,
): Promise<string | null> {
  try {
    await daemon.unregister(path, timeoutMs);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function failure(message: string, hint: string | null): WakeOutcome {
  const known = errorHint(hint === null ? message : `${message} ${hint}`);
  if (known.kind === "busy") {
    return { kind: "blocked", reason: known.hint ?? message };
  }
  return {
    kind: "failed",
    message,
    hint: known.hint ?? hint,
    scope: known.kind === "store" ? "store" : "client",
    reset: known.kind === "local",
  };
}

/** What a program without the guard would do. */
async function wakeUnguarded(
  id: ClientId,
  ports: Ports,
  options: WakeOptions,
): Promise<WakeOutcome> {
  const { path } = ports.registry.get(id)!;
  const verdict = await register(id, path, ports, options);
  if (verdict.kind === "failed") return failure(verdict.message, verdict.hint);
  if (verdict.kind === "down") return { kind: "down" };
  ports.store.save({ id, path, proved: true });
  ports.registry.observe(id, { proved: true });
  return { kind: "awake", snapshot: snapshotOf(verdict) };
}

function snapshotOf(verdict: Verdict): Txid | null {
  return verdict.kind === "snapshot" ? verdict.txid : null;
}

/** Holds a pin, or none. */
class Hold implements AsyncDisposable {
  #pin: HeldPin | null = null;

  take(pin: HeldPin | null): void {
    this.#pin = pin;
  }

  get holds(): boolean {
    return this.#pin !== null;
  }

  async drop(): Promise<void> {
    await this.#pin?.[Symbol.asyncDispose]();
    this.#pin = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drop();
  }
}
