/**
 * What the meter makes of the log of a Litestream that merges and deletes every
 * few seconds, instead of within days: it must be what stands in the bucket.
 * @module
 */
import { paginateListObjectsV2 } from "@aws-sdk/client-s3";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { stringify } from "yaml";
import { Meter } from "../lib/costs/meter.ts";
import { type ClientId, parseClientId } from "../lib/domain/client_id.ts";
import { heldBytes, surenessOf } from "../lib/domain/holding.ts";
import {
  connectionUrl,
  type ReplicaTarget,
} from "../lib/domain/replica_target.ts";
import { LineSplitter } from "../lib/domain/line_splitter.ts";
import { type LogEvent, parseLogLine } from "../lib/litestream/log_event.ts";
import { AppDatabase } from "./support/app_database.ts";
import { MemoryBook } from "./support/memory_book.ts";
import { cleanEnv, litestreamBin } from "./support/replicated.ts";
import { region } from "./support/s3_store.ts";
import { sharedS3 } from "./support/shared_s3.ts";
import { TempDir } from "./support/temp_dir.ts";

const s3 = await sharedS3();
const SECONDS = 22;
/** On a busy machine it takes longer until enough was deleted. */
const MOST_SECONDS = 90;

Deno.test("what is merged and deleted is known to the byte, in a bucket and in a folder", async () => {
  await using dir = await TempDir.create("retention");
  const prefix = s3.uniquePrefix("retention");
  const { endpoint, bucket } = s3;
  const inBucket = client(dir, {
    kind: "s3",
    bucket,
    prefix,
    endpoint,
    region,
  });
  const root = dir.join("replica");
  const inFolder = client(dir, { kind: "file", root, prefix });
  const config = dir.join("litestream.yml");
  await Deno.writeTextFile(
    config,
    stringify({
      logging: { type: "json", level: "debug" },
      "l0-retention": "2s",
      "l0-retention-check-interval": "3s",
      levels: [{ interval: "2s" }, { interval: "5s" }],
      snapshot: { interval: "7s", retention: "4s" },
      dbs: [inBucket, inFolder].map(({ path, url }) => ({
        path,
        replica: { url },
      })),
    }),
  );
  using meter = new Meter(new MemoryBook());
  const heard = new Set<LogEvent["kind"]>();
  {
    using bucketApp = AppDatabase.open(inBucket.path);
    using folderApp = AppDatabase.open(inFolder.path);
    const child = new Deno.Command(litestreamBin, {
      args: ["replicate", "-config", config],
      ...cleanEnv(s3.env),
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reading = (async () => {
      const lines = child.stdout.pipeThrough(new LineSplitter());
      for await (const line of lines) {
        const event = parseLogLine(line);
        if (event === null) continue;
        heard.add(event.kind);
        if (event.kind === "uploaded" || event.kind === "compacted") {
          meter.uploaded(event.id, event);
        } else if (event.kind === "deleting") meter.deleted(event.id, event);
      }
    })();
    const isEnough = () =>
      [inBucket.id, inFolder.id].every((id) => {
        const told = meter.client(id);
        return told && told.usage.bytes > 2.5 * heldBytes(told.holding);
      });
    for (let n = 0; n < SECONDS || !isEnough() && n < MOST_SECONDS; n++) {
      for (const app of [bucketApp, folderApp]) app.insert(1 + n % 5, 700);
      await delay(1_000);
    }
    child.kill("SIGTERM");
    await child.status;
    await reading;
  }
  for (const kind of ["uploaded", "compacted", "deleting"] as const) {
    assert(heard.has(kind), kind);
  }
  const held = new Map([
    [inBucket.id, await bytesInBucket(`${prefix}/${inBucket.id}/`)],
    [inFolder.id, await bytesInFolder(`${root}/${prefix}/${inFolder.id}`)],
  ]);
  for (const [id, bytes] of held) {
    const { usage, holding } = meter.client(id)!;
    assert.equal(surenessOf(holding), "exact", JSON.stringify(holding));
    assert.equal(heldBytes(holding), bytes);
    // Much was uploaded that is not there any more.
    assert(usage.bytes > 2 * bytes, `${usage.bytes} of ${bytes}`);
  }
});

function client(
  dir: TempDir,
  target: ReplicaTarget,
): { id: ClientId; path: string; url: string } {
  const id = parseClientId(randomUUID())!;
  return { id, path: dir.join(`${id}.db`), url: connectionUrl(target, id) };
}

async function bytesInBucket(prefix: string): Promise<number> {
  return await s3.with(async (client) => {
    const input = { Bucket: s3.bucket, Prefix: prefix };
    let sum = 0;
    for await (const page of paginateListObjectsV2({ client }, input)) {
      for (const { Size = 0 } of page.Contents ?? []) sum += Size;
    }
    return sum;
  });
}

async function bytesInFolder(folder: string): Promise<number> {
  let sum = 0;
  for (const level of Deno.readDirSync(`${folder}/ltx`)) {
    for (const file of Deno.readDirSync(`${folder}/ltx/${level.name}`)) {
      sum += (await stat(`${folder}/ltx/${level.name}/${file.name}`)).size;
    }
  }
  return sum;
}
