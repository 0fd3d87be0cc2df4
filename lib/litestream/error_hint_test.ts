import assert from "node:assert/strict";
import { type ErrorHint, errorHint } from "./error_hint.ts";

/** As Litestream 0.5.17, the AWS SDK, Go and SQLite say it. */
const texts: [text: string, kind: ErrorHint["kind"], hint: RegExp | null][] = [
  [
    "sync error: check database behind replica: get replica position: operation error S3: ListObjectsV2, https response error StatusCode: 404, RequestID: 18EA, HostID: , NoSuchBucket: The specified bucket does not exist",
    "store",
    /--bucket/,
  ],
  [
    "operation error S3: PutObject, https response error StatusCode: 403, RequestID: 1, HostID: , api error InvalidAccessKeyId: The access key ID you provided does not exist in our records.",
    "store",
    /credentials are wrong/,
  ],
  [
    "operation error S3: ListObjectsV2, https response error StatusCode: 403, api error SignatureDoesNotMatch: The request signature we calculated does not match",
    "store",
    /credentials are wrong/,
  ],
  [
    "operation error S3: PutObject, https response error StatusCode: 403, api error AccessDenied: Access Denied",
    "store",
    /s3:ListBucket/,
  ],
  [
    "operation error S3: ListObjectsV2, https response error StatusCode: 301, api error PermanentRedirect: The bucket you are attempting to access must be addressed using the specified endpoint",
    "store",
    /--region/,
  ],
  [
    "get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata, request send failed",
    "store",
    /AWS_PROFILE/,
  ],
  [
    `operation error S3: PutObject, exceeded maximum number of attempts, 3, request send failed, Put "http://127.0.0.1:1/b/k": dial tcp 127.0.0.1:1: connect: connection refused`,
    "store",
    /--endpoint/,
  ],
  [
    `Get "https://s3.example.invalid/": dial tcp: lookup s3.example.invalid: no such host`,
    "store",
    /--endpoint/,
  ],
  [`Put "https://s3/": context deadline exceeded`, "store", /--endpoint/],
  [
    `tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    "store",
    /--endpoint/,
  ],
  [
    "operation error S3: PutObject, https response error StatusCode: 503, api error SlowDown: Please reduce your request rate",
    "store",
    /--endpoint/,
  ],
  [
    "sync error: open ltx file: open /data/.x.db-litestream/ltx/0/0000000000000001-0000000000000001.ltx: no such file or directory",
    "local",
    /made anew/,
  ],
  ["init: ltx file is missing", "local", /made anew/],
  ["sync error: database is locked (5)", "busy", /tried again/],
  ["checkpoint: database is locked (5) (SQLITE_BUSY)", "busy", /tried again/],
  ["write /data/x: no space left on device", "client", /free some space/],
  ["sync error: file is not a database (26)", "client", /no SQLite database/],
  ["database disk image is malformed (11)", "client", /corrupt/],
  [
    "sync error: open /data/x.db: permission denied",
    "client",
    /owner and permissions/,
  ],
  ["attempt to write a readonly database (8)", "client", /permissions/],
  ["something that nobody knows", "client", null],
  ["", "client", null],
];

for (const [text, kind, hint] of texts) {
  Deno.test(`hint for: ${text.slice(-90)}`, () => {
    const known = errorHint(text);
    assert.equal(known.kind, kind);
    if (hint === null) assert.equal(known.hint, null);
    else assert.match(known.hint ?? "", hint);
  });
}
