import assert from "node:assert/strict";
import { rm, utimes } from "node:fs/promises";
import type { ClientId } from "../../lib/domain/client_id.ts";
import type { ReplicaTarget } from "../../lib/domain/replica_target.ts";
import type { Txid } from "../../lib/domain/txid.ts";
import { restoreCommand } from "../../lib/restore/command.ts";
import { contentDigest } from "./app_database.ts";
import { runInShell } from "./replicated.ts";
import type { S3Store } from "./s3_store.ts";
import { TempDir } from "./temp_dir.ts";

/** A place for replicas, and a database that is replicated there. */
export interface Place extends AsyncDisposable {
  readonly dir: TempDir;
  readonly target: ReplicaTarget;
  readonly env: Record<string, string>;
  put(key: string, body: Uint8Array, at: Date): Promise<void>;
  remove(key: string): Promise<void>;
}

/** In a bucket, below a prefix with odd characters. */
export async function bucketPlace(s3: S3Store): Promise<Place> {
  const dir = await TempDir.create("replica");
  const prefix = s3.uniquePrefix("it's $HOME (a)");
  return {
    dir,
    target: {
      kind: "s3",
      bucket: s3.bucket,
      prefix,
      endpoint: s3.endpoint,
      region: null,
    },
    env: s3.env,
    put: (key, body) => s3.putObject(key, body),
    remove: (key) => s3.deleteObject(key),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

/** In a folder whose name a shell would take apart. */
export async function folderPlace(): Promise<Place> {
  const dir = await TempDir.create("replica");
  const root = dir.join("it's_$HOME;(a)&b");
  await Deno.mkdir(root);
  return {
    dir,
    target: { kind: "file", root, prefix: "databases" },
    env: {},
    async put(key, body, at) {
      const path = `${root}/${key}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), {
        recursive: true,
      });
      await Deno.writeFile(path, body);
      await utimes(path, at, at);
    },
    remove: (key) => rm(`${root}/${key}`),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

/**
 * Restores with the command that is shown to a person, pasted into a shell, and
 * gives the digest of what came out; null when Litestream knows no such point.
 */
export async function restore(
  { dir, target, env }: Place,
  id: ClientId,
  options: { txid?: Txid; before?: number },
): Promise<string | null> {
  const out = dir.join(`it's restored ${crypto.randomUUID()}.db`);
  const command = restoreCommand(target, id, { out, ...options });
  const { ok, output } = await runInShell(command, { env, cwd: dir.path });
  if (ok) return contentDigest(out);
  assert.match(output, /no matching backup files available/);
  return null;
}
