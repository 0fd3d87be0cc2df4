import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type ClientId, parseClientId } from "../domain/client_id.ts";
import { LTX_HEADER_SIZE } from "../domain/ltx_header.ts";
import { replicaKey, type ReplicaTarget } from "../domain/replica_target.ts";
import type { ReplicaContents } from "../view.ts";
import { contentsOf } from "./contents.ts";
import { HeaderTimes } from "./header_times.ts";
import { ReplicaError } from "./replica_error.ts";
import type { ReadOptions, ReplicaReader } from "./replica_reader.ts";
import type { Listing, StoredObject } from "./stored_object.ts";

/** Most files of one client to list. */
const MAX_FILES = 100_000;
/** Headers on a disk are cheap, but not free. */
const MAX_HEADER_READS = 2_000;

type FileTarget = Extract<ReplicaTarget, { kind: "file" }>;

/** Reads replicas in a folder. */
export class FileReader implements ReplicaReader {
  readonly #target: FileTarget;
  readonly #times = new HeaderTimes({
    readHead,
    maxReads: MAX_HEADER_READS,
  });

  /** @throws {ReplicaError} for a folder whose name Litestream cannot be told */
  constructor(target: FileTarget) {
    // Litestream escapes the path of a `file://` URL and never unescapes it, so
    // `/my backups` becomes the folder `/my%20backups`.
    if (!/^[A-Za-z0-9\-._~$&+,/:;=@!'()*[\]]*$/.test(target.root)) {
      throw new ReplicaError(
        `Cannot keep replicas in "${target.root}": Litestream takes no such folder name in a URL`,
        {
          hint:
            "use a folder whose path has only letters, digits and -._~$&+,:;=@!'()*[]",
        },
      );
    }
    this.#target = target;
  }

  async read(
    id: ClientId,
    { signal }: ReadOptions,
  ): Promise<ReplicaContents> {
    const folder = join(this.#target.root, replicaKey(this.#target, id));
    try {
      const listing = await list(folder, signal);
      if (listing.objects.length === 0) await this.#checkRoot();
      return await contentsOf(listing, {
        folder,
        layout: "file",
        times: this.#times,
        signal,
      });
    } catch (error) {
      throw this.#explain(`Cannot read replica of client "${id}"`, error, {
        signal,
      });
    }
  }

  async clientIds(
    { signal, limit }: ReadOptions & { readonly limit: number },
  ): Promise<{ ids: ClientId[]; truncated: boolean }> {
    const ids: ClientId[] = [];
    try {
      await this.#checkRoot();
      const folder = join(this.#target.root, this.#target.prefix);
      for (const entry of await entriesOf(folder)) {
        signal.throwIfAborted();
        const id = parseClientId(entry.name);
        if (entry.isDirectory && id === entry.name) ids.push(id);
      }
    } catch (error) {
      throw this.#explain("Cannot list replicas", error, { signal });
    }
    ids.sort();
    return { ids: ids.slice(0, limit), truncated: ids.length > limit };
  }

  async check({ signal }: ReadOptions): Promise<void> {
    try {
      signal.throwIfAborted();
      await this.#checkRoot();
      await entriesOf(join(this.#target.root, this.#target.prefix));
    } catch (error) {
      throw this.#explain("Cannot read replicas", error, { signal });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** A disk that is not mounted must not look like one without backups. */
  async #checkRoot(): Promise<void> {
    const { root } = this.#target;
    const info = await Deno.stat(root);
    if (!info.isDirectory) throw new Deno.errors.NotADirectory(root);
  }

  #explain(
    action: string,
    error: unknown,
    { signal }: ReadOptions,
  ): unknown {
    if (signal.aborted || error instanceof ReplicaError) return error;
    const { root } = this.#target;
    const told = (what: string, hint: string) =>
      new ReplicaError(`${action}: ${what}`, { hint, cause: error });
    if (error instanceof Deno.errors.NotFound) {
      return told(
        `folder "${root}" does not exist`,
        "create it, or mount the disk that it is on",
      );
    }
    if (error instanceof Deno.errors.NotADirectory) {
      return told(`"${root}" is no folder`, "name a folder");
    }
    if (
      error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotCapable
    ) {
      return told(
        `folder "${root}" may not be read`,
        "give this user the right to read it",
      );
    }
    return error instanceof Error
      ? new ReplicaError(`${action}: ${error.message}`, { cause: error })
      : error;
  }
}

/** Lists what Litestream writes below a client's folder; nothing when there is none. */
async function list(folder: string, signal: AbortSignal): Promise<Listing> {
  const objects: StoredObject[] = [];
  for (const below of await foldersOf(folder)) {
    for (const entry of await entriesOf(join(folder, below))) {
      signal.throwIfAborted();
      if (!entry.isFile || entry.name.endsWith(".tmp")) continue;
      if (objects.length === MAX_FILES) return { objects, truncated: true };
      const object = await objectOf(folder, `${below}/${entry.name}`);
      if (object !== null) objects.push(object);
    }
  }
  return { objects, truncated: false };
}

/** Folders below a client's that can hold files of its replica. */
async function foldersOf(folder: string): Promise<string[]> {
  const levels = (await entriesOf(join(folder, "ltx")))
    .filter(({ isDirectory }) => isDirectory)
    .map(({ name }) => `ltx/${name}`);
  const generations = (await entriesOf(join(folder, "generations")))
    .filter(({ isDirectory }) => isDirectory)
    .flatMap(({ name }) => [
      `generations/${name}/snapshots`,
      `generations/${name}/wal`,
    ]);
  return [...levels, ...generations];
}

async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function objectOf(
  folder: string,
  key: string,
): Promise<StoredObject | null> {
  try {
    const info = await stat(join(folder, key), { bigint: true });
    const { size, mtimeNs, ino } = info;
    return {
      key,
      sizeBytes: Number(size),
      // Rounded up: Litestream compares with the whole time, and what was written
      // at this moment must not be after it.
      storedAt: Number((mtimeNs + 999_999n) / 1_000_000n),
      tag: `${ino}-${mtimeNs}`,
    };
  } catch (error) {
    // Retention removed it since it was listed.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function readHead(path: string): Promise<Uint8Array | null> {
  try {
    using file = await Deno.open(path);
    const head = new Uint8Array(LTX_HEADER_SIZE);
    let length = 0;
    while (length < head.length) {
      const read = await file.read(head.subarray(length));
      if (read === null) break;
      length += read;
    }
    return head.subarray(0, length);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
