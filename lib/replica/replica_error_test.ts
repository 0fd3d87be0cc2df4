import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { credentials, region } from "../../tests/support/s3_store.ts";
import { sharedS3 } from "../../tests/support/shared_s3.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { parseClientId } from "../domain/client_id.ts";
import type { ReplicaTarget } from "../domain/replica_target.ts";
import { ReplicaError } from "./replica_error.ts";
import { openReplicaReader } from "./replica_reader.ts";

const s3 = await sharedS3();
const id = parseClientId("00000000-0000-4000-8000-000000000001")!;
const signal = () => AbortSignal.timeout(60_000);
const target = {
  kind: "s3",
  bucket: s3.bucket,
  prefix: s3.uniquePrefix("errors"),
  endpoint: s3.endpoint,
  region,
} as const;

/** What each of the reader's calls says; all must say the same after their action. */
async function told(
  target: ReplicaTarget,
  env: Record<string, string> = s3.env,
): Promise<{ message: string; hint: string | null }> {
  await using reader = openReplicaReader(target, { env, requestMs: 500 });
  const errors: ReplicaError[] = [];
  for (
    const call of [
      () => reader.read(id, { signal: signal() }),
      () => reader.clientIds({ signal: signal(), limit: 10 }),
      () => reader.check({ signal: signal() }),
    ]
  ) {
    const error = await call().then(() => null, (error) => error);
    assert.ok(error instanceof ReplicaError, String(error));
    assert.ok(error.cause instanceof Error);
    assert.doesNotMatch(error.message, /\n|\.$/);
    errors.push(error);
  }
  const [read, list, check] = errors.map(({ message }) => message);
  assert.match(read!, new RegExp(`^Cannot read replica of client "${id}": `));
  assert.match(list!, /^Cannot list replicas: /);
  const tail = list!.slice("Cannot list replicas".length);
  assert.ok(read!.endsWith(tail), read);
  assert.ok(check!.endsWith(tail), check);
  return { message: tail.slice(2), hint: errors[0]!.hint };
}

Deno.test("a bucket that does not exist", async () => {
  assert.deepEqual(await told({ ...target, bucket: "no-such-bucket" }), {
    message: `bucket "no-such-bucket" does not exist at ${s3.endpoint}`,
    hint: "create the bucket, or correct its name or the endpoint",
  });
});

for (
  const [what, wrong] of [
    ["key", { AWS_ACCESS_KEY_ID: "wrong" }],
    ["secret", { AWS_SECRET_ACCESS_KEY: "wrong" }],
  ] as const
) {
  Deno.test(`a wrong ${what}`, async () => {
    assert.deepEqual(await told(target, { ...s3.env, ...wrong }), {
      message: `${s3.endpoint} does not accept the access key or its secret`,
      hint:
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to a key of this store",
    });
  });
}

Deno.test("an endpoint where nothing listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const endpoint = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  assert.deepEqual(await told({ ...target, endpoint }), {
    message: `${endpoint} cannot be reached (ECONNREFUSED)`,
    hint: "check the endpoint, the network, and that the store runs",
  });
});

Deno.test("an endpoint whose host is unknown", async () => {
  const endpoint = "http://no-such-host.invalid:9000";
  assert.deepEqual(await told({ ...target, endpoint }), {
    message: `the host of ${endpoint} is not known`,
    hint: "check the endpoint and the name service",
  });
});

Deno.test("an endpoint that does not answer", async () => {
  // Connections wait in its queue for good.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const endpoint = `http://127.0.0.1:${listener.addr.port}`;
  assert.deepEqual(await told({ ...target, endpoint }), {
    message: `${endpoint} does not answer in time`,
    hint: "check the endpoint and the network",
  });
});

for (
  const [what, respond] of [
    [
      "a page",
      () =>
        new Response("<!doctype html><html><body>hello</body></html>", {
          headers: { "content-type": "text/html" },
        }),
    ],
    ["nothing", () => new Response("", { status: 200 })],
    ["JSON", () => Response.json({ hello: 1 })],
    ["404", () => new Response("Not Found", { status: 404 })],
  ] as const
) {
  Deno.test(`an endpoint that is no S3 store and answers ${what}`, async () => {
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      respond,
    );
    const endpoint = `http://127.0.0.1:${server.addr.port}`;
    assert.deepEqual(await told({ ...target, endpoint }), {
      message: `what answers at ${endpoint} is no S3 store`,
      hint: "correct the endpoint",
    });
  });
}

// The S3 server of the tests has no way to give these answers.
for (
  const [code, status, message] of [
    ["AccessDenied", 403, /^access to bucket "test-bucket" is denied$/],
    ["ExpiredToken", 400, /^the credentials have expired$/],
    [
      "AuthorizationHeaderMalformed",
      400,
      /"test-bucket" is in another region$/,
    ],
    ["SlowDown", 503, /^http.+ asks for fewer requests$/],
    ["InternalError", 500, /^http.+ answers InternalError \(It says why\)$/],
    [
      "InvalidArgument",
      400,
      /^http.+ answers InvalidArgument \(It says why\)$/,
    ],
  ] as const
) {
  Deno.test(`a store that answers ${code}`, async () => {
    const body =
      `<?xml version="1.0"?><Error><Code>${code}</Code><Message>It says\nwhy.</Message></Error>`;
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () =>
        new Response(body, {
          status,
          headers: { "content-type": "application/xml" },
        }),
    );
    const endpoint = `http://127.0.0.1:${server.addr.port}`;
    const { message: said, hint } = await told({ ...target, endpoint });
    assert.match(said, message);
    assert.notEqual(hint, null);
  });
}

/** Runs with other AWS variables in this process: the SDK reads those itself. */
async function withAwsEnvironment<T>(
  env: Record<string, string>,
  work: () => Promise<T>,
): Promise<T> {
  const before = Object.entries(Deno.env.toObject())
    .filter(([name]) => name.startsWith("AWS_"));
  const set = (entries: [string, string][]) => {
    for (const name of Object.keys(Deno.env.toObject())) {
      if (name.startsWith("AWS_")) Deno.env.delete(name);
    }
    for (const [name, value] of entries) Deno.env.set(name, value);
  };
  set(Object.entries(env));
  try {
    return await work();
  } finally {
    set(before);
  }
}

Deno.test("credentials come from a profile, or are missed", async () => {
  await using dir = await TempDir.create("profile");
  const file = dir.join("credentials");
  await writeFile(
    file,
    `[backups]
aws_access_key_id = ${credentials.accessKeyId}
aws_secret_access_key = ${credentials.secretAccessKey}
`,
  );
  const env = {
    AWS_SHARED_CREDENTIALS_FILE: file,
    AWS_CONFIG_FILE: dir.join("none"),
    AWS_EC2_METADATA_DISABLED: "true",
  };
  await withAwsEnvironment({ ...env, AWS_PROFILE: "backups" }, async () => {
    await using reader = openReplicaReader(target);
    await reader.check({ signal: signal() });
  });
  await withAwsEnvironment({ ...env, AWS_PROFILE: "other" }, async () => {
    assert.deepEqual(await told(target, {}), {
      message: "there are no credentials",
      hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    });
  });
});

Deno.test("a folder that is missing, or a file", async () => {
  await using dir = await TempDir.create("folder");
  const root = dir.join("replicas");
  const target = { kind: "file", root, prefix: "databases" } as const;
  assert.deepEqual(await told(target), {
    message: `folder "${root}" does not exist`,
    hint: "create it, or mount the disk that it is on",
  });
  await writeFile(root, "");
  assert.deepEqual(await told(target), {
    message: `"${root}" is no folder`,
    hint: "name a folder",
  });
});

Deno.test("a folder that Litestream cannot be told", () => {
  for (const root of ["/my backups", "/ü", "/50%", "/what?", "/a#b"]) {
    assert.throws(
      () => openReplicaReader({ kind: "file", root, prefix: "databases" }),
      (error) =>
        error instanceof ReplicaError && error.message.includes(root) &&
        error.hint !== null,
    );
  }
});
