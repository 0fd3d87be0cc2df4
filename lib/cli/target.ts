import { isAbsolute, normalize } from "node:path";
import type { ReplicaTarget } from "../domain/replica_target.ts";

/** Why a value cannot be used: what would be right. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

/** A value that holds a credential: it must not be shown. */
export class CredentialError extends ValueError {
  constructor() {
    super(
      "credentials belong in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or in an AWS profile",
    );
  }
}

// AWS asks for three letters or more, other stores do not; the store has the last word.
const BUCKET_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
// What Litestream leaves as it is: it escapes all else, and would write to another
// folder or key than the one named here.
const SAFE_PATH = /^[\w.~/@:+=,$&-]*$/;

/** Where the operator's bucket is, before the databases' prefix joins it. */
export type BucketPlace =
  | { readonly kind: "s3"; readonly bucket: string; readonly prefix: string }
  | { readonly kind: "file"; readonly root: string };

/**
 * Reads `NAME`, `s3://NAME`, `s3://NAME/PREFIX` or `file:///ABSOLUTE/FOLDER`.
 *
 * @throws {ValueError} that says what would be right
 */
export function parseBucket(text: string): BucketPlace {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === "file") return parseFolder(text.slice("file://".length));
  if (scheme !== undefined && scheme !== "s3") {
    throw new ValueError(
      `use s3://NAME or file:///FOLDER, "${scheme}" is neither`,
    );
  }
  const place = scheme === "s3" ? text.slice("s3://".length) : text;
  if (scheme === undefined && (isAbsolute(place) || place.startsWith("."))) {
    throw new ValueError("a folder is written file:///ABSOLUTE/FOLDER");
  }
  if (place.includes("@")) throw new CredentialError();
  if (/[?#]/.test(place)) {
    throw new ValueError(
      "options have flags of their own: --endpoint and --region",
    );
  }
  const slash = place.indexOf("/");
  const bucket = slash < 0 ? place : place.slice(0, slash);
  if (!BUCKET_NAME.test(bucket)) {
    throw new ValueError(
      "a bucket's name has up to 63 letters, digits, dots and hyphens",
    );
  }
  if (scheme === undefined && slash >= 0) {
    throw new ValueError(`with a prefix it is written s3://${place}`);
  }
  return {
    kind: "s3",
    bucket,
    prefix: parsePrefix(place.slice(bucket.length)),
  };
}

function parseFolder(path: string): BucketPlace {
  if (!isAbsolute(path)) {
    throw new ValueError("a folder is written file:///ABSOLUTE/FOLDER");
  }
  if (!SAFE_PATH.test(path)) {
    throw new ValueError(
      "Litestream needs a path of letters, digits and . _ ~ @ : + = , $ & - only",
    );
  }
  const root = normalize(path).replace(/\/+$/, "");
  if (root === "") {
    throw new ValueError("the root folder is no place for backups");
  }
  return { kind: "file", root };
}

/**
 * Reads a key prefix; slashes at its ends do not count, and it may be empty.
 *
 * @throws {ValueError} that says what would be right
 */
export function parsePrefix(text: string): string {
  const prefix = text.replace(/^\/+|\/+$/g, "");
  const segments = prefix === "" ? [] : prefix.split("/");
  if (
    !SAFE_PATH.test(prefix) || segments.some((part) => /^\.{0,2}$/.test(part))
  ) {
    throw new ValueError(
      "a prefix has parts of letters, digits and . _ ~ @ : + = , $ & - between single slashes",
    );
  }
  return prefix;
}

/**
 * Reads the address of an S3 store: `https://HOST`, `http://127.0.0.1:9000`.
 *
 * @throws {ValueError} that says what would be right
 */
export function parseEndpoint(text: string): string {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    throw new ValueError(
      "an address is written https://HOST or http://HOST:PORT",
    );
  }
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") throw new CredentialError();
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw new ValueError(`only scheme, host and port: ${url.origin}`);
  }
  return url.origin;
}

/** Puts what was read together. */
export function replicaTarget(
  place: BucketPlace,
  { prefix, endpoint, region }: {
    prefix: string;
    endpoint: string | null;
    region: string | null;
  },
): ReplicaTarget {
  if (place.kind === "file") return { ...place, prefix };
  const joined = [place.prefix, prefix].filter((part) => part !== "").join("/");
  return { kind: "s3", bucket: place.bucket, prefix: joined, endpoint, region };
}
