import { basename, dirname } from "node:path";
import { fingerprintOf, modifiedAt } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import type { DiscoveryEvent } from "../domain/discovery_event.ts";
import {
  factsOf,
  identityOf,
  lookAt,
  lookThrough,
  type Stats,
} from "./file_facts.ts";
import { classifyName } from "./file_name.ts";
import { type FileEntry, type Folder, FolderTree } from "./folder_tree.ts";
import { headerProblem, readHeaderProblem } from "./sqlite_header.ts";
import { codeOf, reasonOf, type Troubles } from "./troubles.ts";

/** Two writes this close together may leave one and the same time, in ms. */
const TIME_GRAIN_MS = 20;

export interface MirrorOptions {
  readonly roots: readonly string[];
  readonly troubles: Troubles;
  readonly mayOpen: (path: string) => boolean;
  /** See `DiscoveryOptions`. */
  readonly isKnown: (
    id: ClientId,
    path: string,
    fingerprint: string,
  ) => boolean;
  /** Watches a folder that was added; false when it is gone again. */
  readonly watch: (folder: Folder) => boolean;
  readonly unwatch: (folder: Folder) => void;
}

/** Where a path stands in the tree. */
interface Place {
  readonly parent: Folder;
  readonly name: string;
  readonly path: string;
  /** See `factsOf`. */
  readonly mayHaveWal: boolean | undefined;
}

/**
 * What was told of the disk. {@linkcode Mirror.check} compares one path with
 * the disk as it is at that moment and notes the difference: it never relies
 * on what an event or an older listing said, so it can be called at any time,
 * in any order and as often as one likes.
 */
export class Mirror {
  readonly tree: FolderTree = new FolderTree();
  /** What is still to be told, oldest first. */
  readonly outbox: DiscoveryEvent[] = [];
  /** Watch folders that are not there. */
  readonly missing: Set<string> = new Set();
  readonly #roots: ReadonlySet<string>;
  readonly #options: MirrorOptions;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#roots = new Set(options.roots);
  }

  /**
   * Brings one path up to date, whatever stands there. `hinted` says that
   * something wrote to it. `mayHaveWal`: whether its folder, just listed, had its
   * WAL; one that came since is told by the folder's watch, as one is that comes
   * after this look.
   *
   * @returns whether there was anything to tell
   */
  check(
    path: string,
    { hinted = false, mayHaveWal }: {
      readonly hinted?: boolean;
      readonly mayHaveWal?: boolean | undefined;
    } = {},
  ): boolean {
    if (this.#roots.has(path)) return this.#checkRoot(path);
    const parent = this.tree.get(dirname(path));
    if (parent === undefined) return false;
    const name = basename(path);
    let stats;
    try {
      stats = lookAt(path);
    } catch (error) {
      this.#cannotLook(parent, error);
      return false;
    }
    const place: Place = { parent, name, path, mayHaveWal };
    if (stats === null) return this.#drop(parent, name);
    if (stats.isDirectory()) return this.#checkFolder(place, stats);
    const folder = parent.folders.get(name);
    if (folder !== undefined) this.#dropFolder(folder);
    const told = stats.isFile()
      ? this.#checkFile(place, stats, hinted)
      : this.#refuseSpecial(place, stats);
    return folder !== undefined || told;
  }

  #checkRoot(path: string): boolean {
    const { troubles } = this.#options;
    const known = this.tree.get(path);
    let stats;
    try {
      stats = lookThrough(path);
    } catch (error) {
      const message = `Cannot look at watch folder "${path}": ${
        reasonOf(error)
      }`;
      troubles.report(path, message, "What was found before is kept");
      return false;
    }
    const identity = stats?.isDirectory() ? identityOf(stats) : null;
    if (known !== undefined && known.identity === identity) return false;
    if (known !== undefined) this.#dropFolder(known);
    const added = identity !== null &&
      this.#addFolder(path, { name: basename(path), parent: null, identity });
    if (added) {
      this.missing.delete(path);
      troubles.clear(path);
    } else {
      this.missing.add(path);
      // Mounted a second time, it is watched under its other name.
      const elsewhere = identity !== null &&
        this.tree.byIdentity(identity) !== undefined;
      if (elsewhere) return true;
      troubles.report(
        path,
        `Watch folder "${path}" is gone`,
        "Its clients count as gone and their backups are kept; bring the folder back and they are found again",
      );
    }
    return true;
  }

  #checkFolder(place: Place, stats: Stats): boolean {
    const { parent, name, path } = place;
    const told = this.#dropFile(parent, name);
    if (name.startsWith(".")) return told;
    const identity = identityOf(stats);
    const known = parent.folders.get(name);
    if (known?.identity === identity) return told;
    if (known !== undefined) this.#dropFolder(known);
    return this.#addFolder(path, { name, parent, identity }) || told;
  }

  #addFolder(
    path: string,
    at: Pick<Folder, "name" | "parent" | "identity">,
  ): boolean {
    const { parent, identity } = at;
    // Renamed, its old name is given up first; mounted twice, it counts once.
    const twin = this.tree.byIdentity(identity);
    if (twin !== undefined) {
      this.check(twin.path);
      if (this.tree.byIdentity(identity) !== undefined) return false;
      if (parent !== null && !this.tree.has(parent)) return false;
    }
    const folder = this.tree.addFolder(path, at);
    if (this.#options.watch(folder)) return true;
    this.#dropFolder(folder);
    return false;
  }

  #dropFolder(folder: Folder): void {
    for (const removed of this.tree.removeFolder(folder)) {
      this.#options.unwatch(removed);
      this.#options.troubles.clear(removed.path);
      for (const entry of removed.files.values()) this.#tellLost(entry);
    }
  }

  #checkFile(place: Place, stats: Stats, hinted: boolean): boolean {
    const kind = classifyName(place.name);
    if (kind.kind === "stranger") {
      return this.#ignore(place, null, "not named after a UUID", "name");
    }
    if (kind.kind !== "database") return false;
    const entry = place.parent.files.get(place.name);
    return entry?.reason === null
      ? this.#compare(place, entry, stats, hinted)
      : this.#examine(place, kind.id, stats, {
        // One that was spoilt is opened, whatever is known of it.
        mayBeKnown: entry === undefined,
      });
  }

  /** Looks whether a client's database was written, replaced or spoilt. */
  #compare(
    place: Place,
    entry: FileEntry,
    stats: Stats,
    hinted: boolean,
  ): boolean {
    const { parent, name } = place;
    // Its first text, which others hold as well.
    const { path } = entry;
    const id = entry.id!;
    let facts;
    try {
      facts = factsOf(path, stats);
    } catch (error) {
      this.#cannotLook(parent, error);
      return false;
    }
    const mark = fingerprintOf(facts);
    if (mark === entry.mark && !(hinted && entry.racy)) return false;
    const [inode, size, modified] = entry.mark.split(":");
    if (inode !== `${stats.ino}` || entry.createdAt !== facts.createdAt) {
      // Another file: whoever has the old one open must let go of it.
      this.#dropFile(parent, name);
      this.#examine({ ...place, path }, id, stats);
      return true;
    }
    const mainWritten = size !== `${stats.size}` ||
      modified !== `${stats.mtimeNs}`;
    if (mainWritten && this.#options.mayOpen(path)) {
      const problem = this.#headerOf(path, stats);
      if (problem !== null) {
        this.#dropFile(parent, name);
        this.#examine({ ...place, path }, id, stats);
        return true;
      }
    }
    entry.mark = mark;
    entry.racy = isRacy(modifiedAt(facts));
    this.outbox.push({ kind: "changed", path, id, facts, fingerprint: mark });
    return true;
  }

  /** Looks whether a file that is no client's database (yet) is one. */
  #examine(
    place: Place,
    id: ClientId,
    stats: Stats,
    { mayBeKnown = false } = {},
  ): boolean {
    const { parent, name } = place;
    const stamp = `${stats.ino}:${stats.size}:${stats.mtimeNs}`;
    const old = parent.files.get(name);
    if (old?.mark === stamp) return false;
    const path = old?.path ?? place.path;
    let facts;
    try {
      facts = factsOf(path, stats, place.mayHaveWal);
    } catch (error) {
      this.#cannotLook(parent, error);
      return false;
    }
    const mark = fingerprintOf(facts);
    // Opening a file takes as long as all else that is done with it.
    const isKnown = mayBeKnown && this.#options.isKnown(id, path, mark);
    if (!isKnown) {
      if (!this.#options.mayOpen(path)) {
        return this.#ignore(place, id, "in use by this program", "");
      }
      const problem = this.#headerOf(path, stats);
      if (problem !== null) {
        const lasting = !problem.again && !isRacy(Number(stats.mtimeMs));
        return this.#ignore(place, id, problem.text, lasting ? stamp : "");
      }
    }
    this.tree.putFile(parent, name, {
      path,
      id,
      reason: null,
      mark,
      createdAt: facts.createdAt,
      stamp: NaN,
      isSteady: false,
      racy: isRacy(modifiedAt(facts)),
    });
    this.outbox.push({
      kind: "found",
      path,
      id,
      facts,
      fingerprint: mark,
      isKnown,
    });
    return true;
  }

  /** Why a file is no database; `again` when only another look can tell. */
  #headerOf(
    path: string,
    { size }: Stats,
  ): { text: string; again: boolean } | null {
    try {
      const text = size === 0n
        ? headerProblem(new Uint8Array())
        : readHeaderProblem(path);
      return text === null ? null : { text, again: false };
    } catch (error) {
      if (codeOf(error) === "ENOENT") return { text: "gone", again: true };
      const text = `unreadable: ${
        reasonOf(error)
      }; make it readable for this user`;
      return { text, again: true };
    }
  }

  #refuseSpecial(place: Place, stats: Stats): boolean {
    const { kind } = classifyName(place.name);
    const looksTaken = kind === "database" || kind === "stranger";
    if (!stats.isSymbolicLink()) {
      return looksTaken &&
        this.#ignore(place, null, "not a regular file", "special");
    }
    const toFolder = kind === "other" && leadsToFolder(place.path);
    if (toFolder) {
      const reason =
        "symbolic link to a folder: not followed; watch its target as well";
      return this.#ignore(place, null, reason, "link");
    }
    return looksTaken &&
      this.#ignore(place, null, "symbolic link: not followed", "link");
  }

  #ignore(
    place: Place,
    id: ClientId | null,
    reason: string,
    mark: string,
  ): boolean {
    const { parent, name } = place;
    const old = parent.files.get(name);
    if (old !== undefined && old.reason !== null && old.id === id) {
      old.reason = reason;
      old.mark = mark;
      return false;
    }
    const told = old !== undefined && this.#tellLost(old);
    const path = old?.path ?? place.path;
    this.tree.putFile(parent, name, {
      path,
      id,
      reason,
      mark,
      createdAt: null,
      stamp: NaN,
      isSteady: false,
      racy: false,
    });
    return told;
  }

  #drop(parent: Folder, name: string): boolean {
    const folder = parent.folders.get(name);
    if (folder !== undefined) this.#dropFolder(folder);
    return this.#dropFile(parent, name) || folder !== undefined;
  }

  #dropFile(parent: Folder, name: string): boolean {
    const entry = this.tree.removeFile(parent, name);
    return entry !== undefined && this.#tellLost(entry);
  }

  #tellLost({ path, id, reason }: FileEntry): boolean {
    if (reason !== null || id === null) return false;
    this.outbox.push({ kind: "lost", path, id });
    return true;
  }

  #cannotLook(folder: Folder, error: unknown): void {
    folder.troubled = true;
    this.#options.troubles.report(
      folder.path,
      `Cannot look into folder "${folder.path}": ${reasonOf(error)}`,
      "What was found before is kept; make the folder readable for this user",
    );
  }
}

function isRacy(modifiedMs: number): boolean {
  return Math.abs(Date.now() - modifiedMs) < TIME_GRAIN_MS;
}

function leadsToFolder(path: string): boolean {
  try {
    return lookThrough(path)?.isDirectory() ?? false;
  } catch {
    return false;
  }
}
