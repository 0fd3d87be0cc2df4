/** What is known of an error in Litestream's words. */
export interface ErrorHint {
  /** What a person can do about it. */
  readonly hint: string | null;
  /**
   * - `store`: the bucket or the way to it, so other clients have it too
   * - `busy`: the application holds the database, it passes
   * - `local`: Litestream's own files beside the database are broken
   * - `client`: this client's database
   */
  readonly kind: "store" | "busy" | "local" | "client";
}

type Rule = readonly [pattern: RegExp, kind: ErrorHint["kind"], hint: string];

/** Tried in this order. Texts of AWS, Go, SQLite and Litestream 0.5.17. */
const RULES: readonly Rule[] = [
  [
    /NoSuchBucket/,
    "store",
    "The bucket does not exist: create it, or correct --bucket",
  ],
  [
    /InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|ExpiredToken/,
    "store",
    "The credentials are wrong or expired: check the AWS variables or the profile",
  ],
  [
    /AccessDenied|StatusCode: 403|Forbidden/,
    "store",
    "The credentials may not do this: allow s3:ListBucket, GetObject, PutObject and DeleteObject on the bucket",
  ],
  [
    /PermanentRedirect|AuthorizationHeaderMalformed/,
    "store",
    "The bucket is in another region: set --region",
  ],
  [
    /failed to (retrieve|refresh) (cached )?credentials|no EC2 IMDS role|get identity/,
    "store",
    "There are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
  ],
  [
    /connection refused|connection reset|no such host|i\/o timeout|deadline exceeded|network is unreachable|EOF|StatusCode: 5\d\d|tls:|x509/,
    "store",
    "The S3 store does not answer as it should: check --endpoint and the network; it is tried again",
  ],
  [
    /ltx file is missing|open ltx file|ltx.*corrupt/i,
    "local",
    "Litestream's files beside the database are incomplete: they are made anew, with a full snapshot",
  ],
  [
    /database is locked|SQLITE_BUSY|\(5\)/,
    "busy",
    "The application holds a lock on the database: it is tried again",
  ],
  [
    /no space left|disk full|disk is full/i,
    "client",
    "The disk is full: free some space, then it goes on by itself",
  ],
  [
    /file is not a database|\(26\)/,
    "client",
    "The file is no SQLite database, or is encrypted",
  ],
  [
    /malformed|\(11\)/,
    "client",
    "The database is corrupt: restore it from its last good restore point",
  ],
  [
    /permission denied|read-only|readonly|\(8\)|unable to open database/i,
    "client",
    "Litestream must be able to write to the database and its folder: check owner and permissions",
  ],
];

/** Tells what an error of Litestream means, and what can be done. */
export function errorHint(message: string): ErrorHint {
  for (const [pattern, kind, hint] of RULES) {
    if (pattern.test(message)) return { kind, hint };
  }
  return { kind: "client", hint: null };
}
