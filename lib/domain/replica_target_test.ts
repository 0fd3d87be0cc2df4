import assert from "node:assert/strict";
import { someId } from "../../tests/support/some_client.ts";
import {
  connectionUrl,
  replicaKey,
  type ReplicaTarget,
  replicaUrl,
  targetIdentity,
} from "./replica_target.ts";

const id = someId(1);
const s3: ReplicaTarget = {
  kind: "s3",
  bucket: "backups",
  prefix: "databases",
  endpoint: null,
  region: null,
};
const file: ReplicaTarget = {
  kind: "file",
  root: "/srv/backups",
  prefix: "databases",
};

const cases: [ReplicaTarget, key: string, url: string, options: string][] = [
  [s3, `databases/${id}`, `s3://backups/databases/${id}`, ""],
  [{ ...s3, prefix: "" }, id, `s3://backups/${id}`, ""],
  [
    { ...s3, prefix: "a/b" },
    `a/b/${id}`,
    `s3://backups/a/b/${id}`,
    "",
  ],
  [
    { ...s3, region: "eu-west-1" },
    `databases/${id}`,
    `s3://backups/databases/${id}`,
    "?region=eu-west-1",
  ],
  [
    { ...s3, endpoint: "http://127.0.0.1:9000", region: "x" },
    `databases/${id}`,
    `s3://backups/databases/${id}`,
    "?endpoint=http%3A%2F%2F127.0.0.1%3A9000&forcePathStyle=true&region=x",
  ],
  [file, `databases/${id}`, `file:///srv/backups/databases/${id}`, ""],
  [{ ...file, prefix: "" }, id, `file:///srv/backups/${id}`, ""],
];

for (const [target, key, url, options] of cases) {
  Deno.test(`replica at ${url}${options}`, () => {
    assert.equal(replicaKey(target, id), key);
    assert.equal(replicaUrl(target, id), url);
    assert.equal(connectionUrl(target, id), url + options);
  });
}

Deno.test("another place has another identity, another region has not", () => {
  const places: ReplicaTarget[] = [
    s3,
    { ...s3, bucket: "other" },
    { ...s3, prefix: "other" },
    { ...s3, endpoint: "http://127.0.0.1:9000" },
    file,
    { ...file, root: "/srv/other" },
    { ...file, prefix: "" },
  ];
  const identities = new Set(places.map(targetIdentity));
  assert.equal(identities.size, places.length);
  assert.equal(targetIdentity({ ...s3, region: "x" }), targetIdentity(s3));
});
