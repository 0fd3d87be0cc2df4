import type { ClientId } from "../domain/client_id.ts";
import type { DiscoveryEvent, IgnoredFile } from "../domain/discovery_event.ts";
import { sleep } from "../domain/sleep.ts";
import { Bell } from "./bell.ts";
import { pathIn, quickStamp } from "./file_facts.ts";
import { classifyName } from "./file_name.ts";
import { isRemote } from "./file_system.ts";
import { openBestWatch } from "./best_watch.ts";
import { listFolder, type Listing, wantsListing } from "./list_folder.ts";
import type { Folder } from "./folder_tree.ts";
import { Mirror } from "./mirror.ts";
import { Pacer } from "./pacer.ts";
import { distinctRoots } from "./roots.ts";
import { pauseMs, restMs, type SweepCost } from "./sweep_rest.ts";
import { type DiscoveryTrouble, Troubles } from "./troubles.ts";
import { WatchSet } from "./watch_set.ts";
import type { OpenWatcher } from "./watcher.ts";

export type { DiscoveryTrouble } from "./troubles.ts";

export interface DiscoveryOptions {
  /** Absolute folders. */
  readonly watchDirs: readonly string[];
  readonly signal: AbortSignal;
  /** Told in order and in batches; must not throw. */
  onEvents(events: readonly DiscoveryEvent[]): void;
  onTrouble?(trouble: DiscoveryTrouble): void;
  /**
   * Whether a file may be opened and closed by hand: not while a SQLite
   * connection of this process is open on it, which would lose its locks.
   */
  mayOpen?(path: string): boolean;
  /**
   * Whether a file with this fingerprint (see `fingerprintOf`) is known to be a
   * database, so that its header is not read: a quarter of the first scan. @default no file is
   */
  isKnown?(id: ClientId, path: string, fingerprint: string): boolean;
  /**
   * How long after a sweep the next begins, in ms, at least: 100 times as long
   * as the last one kept the processor, but not longer than 10 minutes; within
   * 30 s as long as not every folder is watched. @default {10000}
   */
  readonly sweepMs?: number;
  /**
   * Whether other machines write in a folder, so that only sweeps find all.
   * Asked once for each device. @default by the type of its file system
   */
  isRemote?(folder: string): boolean;
  /** @default {openBestWatch} */
  readonly openWatcher?: OpenWatcher;
}

const SWEEP_MS = 10_000;
/** A watch folder that is missing is looked for so often, in ms. */
const MISSING_MS = 1_000;
/** What others do while a listing is waited for is not our cost: no look takes longer, in ms. */
const MAX_LOOK_MS = 0.1;
/** How long after one batch of hints the next is taken, in ms. */
const GATHER_MS = 50;
/** With more hints than this a sweep is cheaper. */
const MAX_HINTS = 50_000;
const MAX_BATCH = 250;
/** Slices while nobody waits for anything else, in ms: pauses cost two each. */
const START_SLICE_MS = 60;
/** Far above the grain of a file system's clock, in ms. */
const STEADY_MS = 100;
const MAX_IGNORED = 1_000;

/**
 * Follows the databases in watched folders. What the system tells of changes
 * is a hint where to look, and may get lost; what counts is the disk at the
 * moment one looks at it, and a sweep looks at everything from time to time.
 */
export class Discovery implements AsyncDisposable {
  readonly #options: DiscoveryOptions;
  readonly #roots: readonly string[];
  readonly #mirror: Mirror;
  readonly #troubles: Troubles;
  readonly #watches: WatchSet;
  readonly #ending = new AbortController();
  readonly #hints = new Set<string>();
  readonly #unlisted = new Set<Folder>();
  readonly #hinted = new Bell();
  readonly #sweepWanted = new Bell();
  #fullWanted = false;
  #costMs = 0;
  /** How long the last sweep took, whatever else the machine did. */
  #tookMs = 0;
  /** When it ended. */
  #sweptAt = -Infinity;
  #sweeping: Promise<void> = Promise.resolve();
  #loops: Promise<unknown> = Promise.resolve();

  private constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#roots = distinctRoots(options.watchDirs);
    this.#troubles = new Troubles((trouble) => options.onTrouble?.(trouble));
    this.#watches = new WatchSet(options.openWatcher ?? openBestWatch, {
      troubles: this.#troubles,
      onHint: (folder, name, isFolder) => this.#hint(folder, name, isFolder),
      onOverflow: () => this.#wantFullSweep(),
      isRemote: (path) => options.isRemote?.(path) ?? isRemote(path),
      onWatched: (path) => {
        // One that is still to be listed will be seen as it is then.
        if (this.#mirror.tree.get(path)?.opened) this.#hint(path, "", true);
      },
      // The rest between two sweeps is another now.
      onIncomplete: () => this.#sweepWanted.ring(),
    });
    this.#mirror = new Mirror({
      roots: this.#roots,
      troubles: this.#troubles,
      mayOpen: (path) => options.mayOpen?.(path) ?? true,
      isKnown: (id, path, fingerprint) =>
        options.isKnown?.(id, path, fingerprint) ?? false,
      watch: (folder) => {
        if (!this.#watches.add(folder)) return false;
        this.#unlisted.add(folder);
        this.#hinted.ring();
        return true;
      },
      unwatch: (folder) => {
        this.#watches.remove(folder);
        this.#unlisted.delete(folder);
      },
    });
  }

  /**
   * Watches and scans. Resolves when everything that was there has been told.
   *
   * @throws {Error} of one line when a watch folder is missing, no folder or
   * not readable
   */
  static async start(options: DiscoveryOptions): Promise<Discovery> {
    options.signal.throwIfAborted();
    const discovery = new Discovery(options);
    options.signal.addEventListener("abort", discovery.#end);
    try {
      for (const root of discovery.#roots) discovery.#mirror.check(root);
      await discovery.#sweep(true, { isStart: true });
      options.signal.throwIfAborted();
    } catch (error) {
      await discovery[Symbol.asyncDispose]();
      throw error;
    }
    discovery.#loops = Promise.all([
      discovery.#untilEnd(() => discovery.#followHints()),
      discovery.#untilEnd(() => discovery.#sweepNowAndThen()),
    ]);
    return discovery;
  }

  /** Files that have a database's ending and are not taken: 1,000 at most. */
  ignored(): readonly IgnoredFile[] {
    const list: IgnoredFile[] = [];
    for (const { path, reason } of this.#mirror.tree.ignored) {
      if (list.length === MAX_IGNORED) break;
      list.push({ path, reason: reason! });
    }
    return list;
  }

  /** How many there are of them, also past those that are listed. */
  get ignoredCount(): number {
    return this.#mirror.tree.ignored.size;
  }

  /** Looks at every folder and file; resolves when all of it has been told, or at the end. */
  async rescan(): Promise<void> {
    await this.#untilEnd(() => this.#sweep(true));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    this.#options.signal.removeEventListener("abort", this.#end);
    await this.#watches[Symbol.asyncDispose]();
    await this.#loops;
    await this.#untilEnd(() => this.#sweeping);
  }

  readonly #end = (): void => this.#ending.abort();

  /** Runs a loop; that it was ended is no error. */
  async #untilEnd(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (
        !this.#ending.signal.aborted || error !== this.#ending.signal.reason
      ) {
        throw error;
      }
    }
  }

  #hint(folder: string, name: string, isFolder: boolean): void {
    if (name === "") this.#hints.add(folder);
    else if (isFolder) this.#hints.add(pathIn(folder, name));
    else {
      const kind = classifyName(name);
      if (kind.kind === "wal") this.#hints.add(pathIn(folder, kind.database));
      else if (kind.kind === "database" || kind.kind === "stranger") {
        this.#hints.add(pathIn(folder, name));
      } else return;
    }
    if (this.#hints.size > MAX_HINTS) {
      this.#hints.clear();
      this.#wantFullSweep();
    }
    this.#hinted.ring();
  }

  #wantFullSweep(): void {
    this.#fullWanted = true;
    this.#sweepWanted.ring();
  }

  async #followHints(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await this.#hinted.wait({ signal });
      if (signal.aborted) return;
      const pacer = new Pacer({ signal });
      const listing = this.#listing(pacer);
      // Taken out before the look: what comes in meanwhile is looked at again.
      const hints = [...this.#hints];
      this.#hints.clear();
      for (const path of hints) {
        if (pacer.due()) await this.#breathe(pacer);
        this.#mirror.check(path, { hinted: true });
        const folder = this.#mirror.tree.get(path);
        if (folder !== undefined) this.#unlisted.add(folder);
      }
      for (const folder of this.#unlisted) {
        this.#unlisted.delete(folder);
        const first = folder.listedNs === -1n;
        await listFolder(folder, listing);
        if (!first) await this.#recheck(folder, pacer);
      }
      await this.#tell(pacer);
      // Whoever sweeps looks after the missing more often.
      if (this.#mirror.missing.size > 0) this.#sweepWanted.ring();
      await sleep(GATHER_MS, { signal });
    }
  }

  async #sweepNowAndThen(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const start = performance.now();
      while (!signal.aborted) {
        const rest = this.#fullWanted
          ? pauseMs(this.#cost)
          : restMs(this.#cost);
        const left = start + rest - performance.now();
        if (left <= 0) break;
        const lost = this.#mirror.missing.size > 0;
        await this.#sweepWanted.wait({
          signal,
          ms: lost ? Math.min(left, MISSING_MS) : left,
        });
        // Quick for them who wait for a disk to be mounted again.
        for (const root of this.#mirror.missing) this.#mirror.check(root);
      }
      const full = this.#fullWanted;
      this.#fullWanted = false;
      if (!signal.aborted) await this.#sweep(full);
    }
  }

  get #cost(): SweepCost {
    return {
      complete: this.#watches.complete,
      leastMs: this.#options.sweepMs ?? SWEEP_MS,
      costMs: this.#costMs,
      tookMs: this.#tookMs,
    };
  }

  /** One sweep after the other. A full one lists each folder, changed or not. */
  async #sweep(full: boolean, { isStart = false } = {}): Promise<void> {
    const before = this.#sweeping;
    const sweep = (async () => {
      await before.catch(() => {});
      await this.#sweepAll(full, isStart);
    })();
    // Its failure is the caller's to hear of, not that of who comes next.
    this.#sweeping = sweep.catch(() => {});
    await sweep;
  }

  async #sweepAll(full: boolean, isStart: boolean): Promise<void> {
    const { signal } = this.#ending;
    signal.throwIfAborted();
    const pacer = new Pacer({
      signal,
      ...isStart ? { sliceMs: START_SLICE_MS } : {},
    });
    const listing = { ...this.#listing(pacer), inOnePiece: isStart };
    const { tree } = this.#mirror;
    const start = performance.now();
    const steadies = start - this.#sweptAt > STEADY_MS;
    let looks = 0;
    this.#watches.retry();
    for (const root of this.#roots) this.#mirror.check(root);
    for (const folder of tree.folders()) {
      if (pacer.due()) await this.#breathe(pacer);
      if (!tree.has(folder)) continue;
      looks += 1 + folder.files.size;
      this.#mirror.check(folder.path);
      if (!tree.has(folder)) continue;
      const first = folder.listedNs === -1n;
      // Of a watch that died nobody may have heard.
      if (full && !first) this.#watches.add(folder);
      let told = false;
      if (full || first || wantsListing(folder)) {
        this.#unlisted.delete(folder);
        told = await listFolder(folder, listing);
      }
      if (first) continue;
      told = await this.#recheck(folder, pacer, steadies) || told;
      // Nobody hinted at it: perhaps the watch is dead. Another does no harm.
      if (told && tree.has(folder)) this.#watches.add(folder);
    }
    await this.#tell(pacer);
    this.#watches.settle();
    this.#costMs = Math.min(pacer.cpuMs, looks * MAX_LOOK_MS);
    this.#sweptAt = performance.now();
    this.#tookMs = this.#sweptAt - start;
  }

  /**
   * Looks at the files that are known in a folder; tells whether any had
   * changed. `steadies`: the last sweep is so long past that whoever looks the
   * same to the ms has not been written in between.
   */
  async #recheck(
    folder: Folder,
    pacer: Pacer,
    steadies = false,
  ): Promise<boolean> {
    let told = false;
    for (const entry of folder.files.values()) {
      const { path, id, reason } = entry;
      if (pacer.due()) await this.#breathe(pacer);
      if (!this.#mirror.tree.has(folder)) break;
      // By its name alone it stays what it is.
      if (id === null) continue;
      const stamp = reason === null ? quickStamp(path) : NaN;
      const isSame = stamp === entry.stamp;
      if (isSame && entry.isSteady) continue;
      // A hint that waits is no sign of a dead watch, but whoever asked for a
      // sweep wants to know now.
      const hinted = this.#hints.has(path);
      const changed = this.#mirror.check(path, { hinted });
      told ||= changed && !hinted;
      // Written after this look it has another time, as that look is long past
      // the last write: by the clock of the file system, whatever ours says.
      entry.isSteady = isSame && steadies && !changed;
      if (steadies) entry.stamp = stamp;
    }
    return told;
  }

  #listing(pacer: Pacer): Listing {
    return {
      mirror: this.#mirror,
      troubles: this.#troubles,
      breathe: () => pacer.due() ? this.#breathe(pacer) : undefined,
    };
  }

  async #breathe(pacer: Pacer): Promise<void> {
    await this.#tell(pacer);
    await pacer.pause();
  }

  /** Tells what was noted, a batch at a time. */
  async #tell(pacer: Pacer): Promise<void> {
    const { outbox } = this.#mirror;
    while (outbox.length > 0) {
      this.#options.onEvents(outbox.splice(0, MAX_BATCH));
      if (outbox.length > 0 && pacer.due()) await pacer.pause();
    }
  }
}
