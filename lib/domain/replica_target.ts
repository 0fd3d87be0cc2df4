import type { ClientId } from "./client_id.ts";

/** Where replicas are kept: a bucket or a folder, and how to reach it. */
export type ReplicaTarget =
  | {
    readonly kind: "s3";
    readonly bucket: string;
    /** Key of all clients' folders, without slashes at its ends: `databases`. */
    readonly prefix: string;
    readonly endpoint: string | null;
    readonly region: string | null;
  }
  | {
    readonly kind: "file";
    /** Absolute folder. */
    readonly root: string;
    readonly prefix: string;
  };

/** The key of a client's folder below the bucket: `databases/ID`. */
export function replicaKey(target: ReplicaTarget, id: ClientId): string {
  return target.prefix === "" ? id : `${target.prefix}/${id}`;
}

/**
 * The URL of a client's replica as a person would write it, without connection
 * options: `s3://BUCKET/databases/ID` or `file:///FOLDER/databases/ID`.
 */
export function replicaUrl(target: ReplicaTarget, id: ClientId): string {
  const key = replicaKey(target, id);
  return target.kind === "s3"
    ? `s3://${target.bucket}/${key}`
    : `file://${target.root}/${key}`;
}

/**
 * The URL with all that Litestream needs to reach it, for `/register` and for
 * the command line. Options as Litestream's replica URLs take them.
 */
export function connectionUrl(target: ReplicaTarget, id: ClientId): string {
  const url = replicaUrl(target, id);
  if (target.kind === "file") return url;
  const options = new URLSearchParams();
  if (target.endpoint !== null) {
    options.set("endpoint", target.endpoint);
    options.set("forcePathStyle", "true");
  }
  if (target.region !== null) options.set("region", target.region);
  return options.size === 0 ? url : `${url}?${options}`;
}

/** Names one place, so that state about another is not mistaken for it. */
export function targetIdentity(target: ReplicaTarget): string {
  return target.kind === "s3"
    ? `s3|${target.endpoint ?? ""}|${target.bucket}|${target.prefix}`
    : `file|${target.root}|${target.prefix}`;
}
