import {
  type Client,
  type FileFacts,
  fingerprintOf,
  identityOf,
  isMainFileSame,
  modifiedAt,
} from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import { sleep } from "../domain/sleep.ts";
import type { Txid } from "../domain/txid.ts";
import type { LtxHeader } from "../domain/ltx_header.ts";
import { headerOf, isOneWal } from "../litestream/continuity.ts";
import type { StoredClient } from "../store/store.ts";
import type { Ports } from "./ports.ts";

/**
 * The kernel's clock for file times is this coarse, with some to spare: two
 * writes within it can leave the same time.
 */
const TIME_GRAIN_MS = 25;
/** How often one that was synced a moment ago is looked at while its files move. */
const SYNCED_TRIES = 3;
/** Larger databases are uploaded again rather than read at each falling asleep. */
const DIGEST_MAX_BYTES = 64 << 20;

/** What was known of a client just before the daemon let go of it. */
export interface Farewell {
  /** Its last local LTX file; null when there was none. */
  readonly tip: LtxHeader | null;
  /** The digest of its pages, all of which the replica had at `tip`; null when not known. */
  readonly digest: string | null;
}

export interface SettleOptions {
  /**
   * It was synced a moment ago, so that hardly anything waits in its WAL.
   *
   * @default {false}
   */
  readonly synced?: boolean;
  /** What `lookBeforeSleep` found before its last sync. */
  readonly farewell?: Farewell | undefined;
}

/**
 * Proves a sleeping client to be protected, or not: its WAL is clean against its
 * last LTX file, the replica has that TXID, and the files did not change while
 * we looked. Then their fingerprint is stored, and as long as it stays the
 * same, the client stays protected without any request.
 *
 * A client whose application only opened, read and closed it has lost its WAL
 * and looks broken; it is still protected when its pages have the digest that
 * they had when all of them were in the replica.
 *
 * Call it only while the client is not registered.
 *
 * @returns whether it is proved
 */
export async function settle(
  id: ClientId,
  ports: Ports,
  options: SettleOptions = {},
): Promise<boolean> {
  // Letting it go, Litestream may still move its WAL into the file.
  const tries = options.synced ? SYNCED_TRIES : 1;
  for (let attempt = 1; attempt <= tries; attempt++) {
    const settled = await settleOnce(id, ports, options);
    if (settled !== "moved") return settled;
  }
  return false;
}

/** `moved`: the files changed while we looked. */
async function settleOnce(
  id: ClientId,
  ports: Ports,
  { synced = false, farewell }: SettleOptions,
): Promise<boolean | "moved"> {
  const { registry, files, store } = ports;
  const client = registry.get(id);
  if (client === undefined || !client.proved) return false;
  const { path } = client;

  const stored = store.get(id);
  // Most who wake have written: spare them the wait for quiet files.
  const present = files.facts(path);
  if (present === null) return false;
  if (!synced && !isTouched(stored, present)) {
    const { kind } = await files.look(path);
    if (kind === "ahead" || kind === "new") return false;
  }

  const before = await quietFacts(path, ports);
  if (before === null) return false;
  const fingerprint = fingerprintOf(before);
  const finding = await files.look(path);
  if (farewell !== undefined && !isOneWal(farewell.tip, headerOf(finding))) {
    return await distrust(id, ports);
  }

  const touched = isTouched(stored, before);
  let digest: string | null = null;
  const digestable = isDigestable(before);
  if (finding.kind === "broken") {
    // Written since that look, it has another transaction, or other pages.
    const isLast = farewell !== undefined && !touched &&
      farewell.tip?.maxTxid === finding.tip?.maxTxid;
    const known = (isLast ? farewell.digest : null) ?? stored?.digest ?? null;
    if (known === null || !digestable) return false;
    digest = await files.digest(path);
    if (digest !== known) {
      return changedSince(fingerprint, path, ports) ? "moved" : false;
    }
  } else if (finding.kind === "clean") {
    if (digestable) digest = await files.digest(path);
    // Another file, or one written past SQLite: its WAL tells nothing of that.
    const spoilt = stored?.digest == null || digest === null
      ? touched
      : digest !== stored.digest;
    if (spoilt && !changedSince(fingerprint, path, ports)) {
      return await distrust(id, ports);
    }
  } else return touched ? await distrust(id, ports) : false;

  const after = files.facts(path);
  const now = registry.get(id);
  if (after === null) return false;
  if (fingerprintOf(after) !== fingerprint) return "moved";
  if (now === undefined || now.activity === "awake" || !now.proved) {
    return false;
  }
  // Discovery may have found that it is no database any more.
  if (now.presence !== "present" || now.path !== path) return false;

  const txid = finding.tip?.maxTxid ?? null;
  // An older copy of the folder came back: the replica has another history.
  if (stored?.txid != null && txid !== null && txid < stored.txid) {
    return await distrust(id, ports);
  }
  if (!hasAll(now, txid)) return false;
  const proof = {
    txid,
    replicatedTxid: now.replicatedTxid,
    fingerprint,
    lastSyncedAt: ports.now(),
    sizeBytes: Number(after.size),
  };
  store.save({
    id,
    path,
    proved: true,
    identity: identityOf(after),
    digest,
    // The first day begins with the first backup.
    housekeptAt: stored?.housekeptAt ?? ports.now(),
    ...proof,
  });
  registry.observe(id, {
    ...proof,
    dirtySince: null,
    error: null,
    blocked: null,
  });
  return true;
}

/**
 * Looks at a client that is awake, before the daemon lets go of it: at its last
 * LTX file, and at its pages when all of them are in the replica and stay as they
 * are. Litestream may be the last that has it open, and SQLite then empties the WAL
 * and deletes it, with which the proof would go.
 */
export async function lookBeforeSleep(
  { id, path, proved }: Client,
  { registry, files, now }: Ports,
): Promise<Farewell> {
  const before = files.facts(path);
  const finding = await files.look(path);
  const tip = headerOf(finding);
  const isQuiet = before !== null &&
    Math.abs(now() - modifiedAt(before)) >= TIME_GRAIN_MS;
  const wanted = proved && finding.kind === "clean" && isQuiet &&
    isDigestable(before) && !isWrittenAfter(before, finding.tip) &&
    hasAll(registry.get(id), finding.tip.maxTxid);
  if (!wanted) return { tip, digest: null };
  const digest = await files.digest(path);
  const after = files.facts(path);
  const client = registry.get(id);
  const isKnown = after !== null &&
    fingerprintOf(after) === fingerprintOf(before) && client?.path === path &&
    client.proved && hasAll(client, finding.tip.maxTxid);
  return { tip, digest: isKnown ? digest : null };
}

/**
 * Whether the database file, as opposed to its WAL, was touched after an LTX file
 * was made. Litestream makes another one after each of its checkpoints, so that
 * was somebody else: perhaps one who copied another database over it.
 */
function isWrittenAfter(
  { modifiedNs, changedAt }: FileFacts,
  { timestampMs }: LtxHeader,
): boolean {
  const modified = Number(modifiedNs / 1_000_000n);
  return Math.max(modified, changedAt ?? 0) > timestampMs;
}

function isDigestable({ size, walSize }: FileFacts): boolean {
  return size + (walSize > 0n ? walSize : 0n) <= BigInt(DIGEST_MAX_BYTES);
}

/**
 * Whether another file took the place of the one that was stored, or it was
 * written: while a client sleeps, SQLite does that only to checkpoint.
 */
function isTouched(
  stored: StoredClient | undefined,
  facts: FileFacts,
): boolean {
  if (stored === undefined) return false;
  const { identity, fingerprint } = stored;
  return identity !== null && identity !== identityOf(facts) ||
    fingerprint !== null && !isMainFileSame(fingerprint, facts);
}

function changedSince(fingerprint: string, path: string, { files }: Ports) {
  const facts = files.facts(path);
  return facts === null || fingerprintOf(facts) !== fingerprint;
}

/** Has the next registration end in a full snapshot, over a restart too. */
export async function distrust(
  id: ClientId,
  { registry, store }: Ports,
): Promise<false> {
  registry.observe(id, { proved: false });
  const client = registry.get(id);
  if (client !== undefined) await store.markUnproved(client);
  return false;
}

function hasAll(client: Client | undefined, txid: Txid | null): boolean {
  const replicatedTxid = client?.replicatedTxid ?? null;
  return txid !== null && replicatedTxid !== null && replicatedTxid >= txid;
}

/** The facts of files that were not written within the clock's grain. */
async function quietFacts(path: string, { files, now }: Ports) {
  for (let attempt = 0; attempt < 5; attempt++) {
    const facts = files.facts(path);
    if (facts === null) return null;
    const age = now() - modifiedAt(facts);
    // A time in the future tells nothing about the order of writes.
    if (age >= TIME_GRAIN_MS || age < -TIME_GRAIN_MS) return facts;
    await sleep(TIME_GRAIN_MS - age);
  }
  return null;
}
