/**
 * Housekeeping of one database, to an S3 server that takes connections and never
 * answers, in a process of its own that can be killed. Its arguments are the
 * state folder, the database and that server's port.
 * @module
 */
import { childEnvironment } from "../../lib/litestream/child_environment.ts";
import { type OnceOptions, replicateOnce } from "../../lib/litestream/once.ts";
import { litestreamBin } from "./replicated.ts";

/** What housekeeping needs, with nobody who listens. */
export function onceOptions(
  stateDir: string,
  databasePath: string,
  port: number,
): OnceOptions {
  const query = `endpoint=http://127.0.0.1:${port}&forcePathStyle=true`;
  return {
    program: litestreamBin,
    env: childEnvironment({
      ...Deno.env.toObject(),
      AWS_ACCESS_KEY_ID: "key",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_REGION: "us-east-1",
    }),
    stateDir,
    retentionMs: 24 * 3600_000,
    databasePath,
    replicaUrl: `s3://backups/databases?${query}`,
    signal: new AbortController().signal,
    onEvent: () => {},
  };
}

if (import.meta.main) {
  const [stateDir = "", databasePath = "", port = ""] = Deno.args;
  await replicateOnce(onceOptions(stateDir, databasePath, Number(port)));
}
