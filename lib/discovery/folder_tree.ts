import type { ClientId } from "../domain/client_id.ts";

/** A file with a database's ending, as it was told last. */
export interface FileEntry {
  readonly path: string;
  /** Null when the name is no UUID. */
  readonly id: ClientId | null;
  /** Why it is not taken; null for a client's database. */
  reason: string | null;
  /**
   * What the file looked like when it was told: the fingerprint of a database,
   * inode, size and time of an ignored file. Empty when it must be looked at again.
   */
  mark: string;
  /** With the inode's number, which is given to a new file at once, tells a file from another. */
  createdAt: number | null;
  /** See `quickStamp`, at the last sweep that had to look properly; NaN before. */
  stamp: number;
  /** As long as it has that stamp, it is as it was told. */
  isSteady: boolean;
  /** Written so shortly before it was looked at that one more write need not show. */
  racy: boolean;
}

/** A folder that is watched, or would be if the system let us. */
export interface Folder {
  readonly path: string;
  readonly name: string;
  /** Null for a watch folder. */
  readonly parent: Folder | null;
  /** See `identityOf`. */
  readonly identity: string;
  readonly folders: Map<string, Folder>;
  readonly files: Map<string, FileEntry>;
  /** Its first listing has begun: what happens now it may not see. */
  opened: boolean;
  /** Its time of change before it was last listed, in ns; -1 before that. */
  listedNs: bigint;
  /** It must be listed again: not all could be seen, or one more change need not show. */
  racy: boolean;
  /** Something in it could not be looked at. */
  troubled: boolean;
}

/** All folders and files that are known, by path; ignored files also by themselves. */
export class FolderTree {
  readonly #byPath = new Map<string, Folder>();
  readonly #byIdentity = new Map<string, Folder>();
  readonly #ignored = new Set<FileEntry>();

  /** Also gives those that are added while one walks over them. */
  folders(): IterableIterator<Folder> {
    return this.#byPath.values();
  }

  get ignored(): ReadonlySet<FileEntry> {
    return this.#ignored;
  }

  get(path: string): Folder | undefined {
    return this.#byPath.get(path);
  }

  byIdentity(identity: string): Folder | undefined {
    return this.#byIdentity.get(identity);
  }

  has(folder: Folder): boolean {
    return this.#byPath.get(folder.path) === folder;
  }

  addFolder(
    path: string,
    { name, parent, identity }: Pick<Folder, "name" | "parent" | "identity">,
  ): Folder {
    const folder: Folder = {
      path,
      name,
      parent,
      identity,
      folders: new Map(),
      files: new Map(),
      opened: false,
      listedNs: -1n,
      racy: false,
      troubled: false,
    };
    this.#byPath.set(path, folder);
    this.#byIdentity.set(identity, folder);
    parent?.folders.set(name, folder);
    return folder;
  }

  /** Forgets a folder and those below it; gives them, with the files they held. */
  removeFolder(folder: Folder): Folder[] {
    folder.parent?.folders.delete(folder.name);
    const removed = [folder];
    for (const each of removed) {
      this.#byPath.delete(each.path);
      if (this.#byIdentity.get(each.identity) === each) {
        this.#byIdentity.delete(each.identity);
      }
      for (const entry of each.files.values()) this.#ignored.delete(entry);
      for (const below of each.folders.values()) removed.push(below);
    }
    return removed;
  }

  putFile(folder: Folder, name: string, entry: FileEntry): void {
    this.removeFile(folder, name);
    folder.files.set(name, entry);
    if (entry.reason !== null) this.#ignored.add(entry);
  }

  removeFile(folder: Folder, name: string): FileEntry | undefined {
    const entry = folder.files.get(name);
    if (entry === undefined) return undefined;
    folder.files.delete(name);
    this.#ignored.delete(entry);
    return entry;
  }
}
