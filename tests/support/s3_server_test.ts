import assert from "node:assert/strict";
import { S3Server } from "./s3_server.ts";
import { sharedS3 } from "./shared_s3.ts";
import { until } from "./until.ts";

const shared = await sharedS3();

Deno.test("the shared server keeps tests apart, and makes no bucket unasked", async () => {
  const prefix = shared.uniquePrefix("apart");
  await shared.putObject(`${prefix}/a`, "1");
  assert.deepEqual(await shared.keys(prefix), [`${prefix}/a`]);
  assert.deepEqual(await shared.keys(shared.uniquePrefix("apart")), []);
  await assert.rejects(shared.putObject("a", "1", "no-such-bucket"), {
    name: "NoSuchBucket",
  });
  const bucket = shared.uniquePrefix("bucket");
  await shared.createBucket(bucket);
  await shared.putObject("a", "1", bucket);
  assert.deepEqual(await shared.keys("", bucket), ["a"]);
});

Deno.test("asking for the shared server again gives the same", async () => {
  assert.equal((await sharedS3()).endpoint, shared.endpoint);
});

Deno.test("a server goes away, comes back, and has kept everything", async () => {
  await using server = await S3Server.start();
  await server.putObject("before", "1");

  await server.stop();
  await assert.rejects(server.keys(), { code: "ECONNREFUSED" });
  await server.restart();
  assert.deepEqual(await server.keys(), ["before"]);

  server.pause();
  let answered = false;
  const keys = server.keys().finally(() => answered = true);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(answered, false);
  server.resume();
  assert.deepEqual(await keys, ["before"]);
});

Deno.test("a server ends with its process, though that is killed", async () => {
  const module = import.meta.resolve("./s3_server.ts");
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `
      import { S3Server } from ${JSON.stringify(module)};
      const { pid, dir } = await S3Server.start();
      Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify({ pid, dir }) + "\\n"));
      setInterval(() => {}, 1000);
    `,
    ],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { pid, dir } = JSON.parse(
    new TextDecoder().decode((await reader.read()).value),
  );
  Deno.statSync(dir);
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  await until("its folder is removed", () => !exists(dir), {
    timeoutMs: 20_000,
  });
  await until("it has ended", () => !isRunning(pid), { timeoutMs: 20_000 });
});

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  return exists(`/proc/${pid}`) &&
    !/\) [ZX] /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
}
