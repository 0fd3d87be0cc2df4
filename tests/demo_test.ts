import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { contentDigest } from "./support/app_database.ts";
import { TempDir } from "./support/temp_dir.ts";
import { until } from "./support/until.ts";

Deno.test("the demo protects its databases, and its restore command works", async () => {
  await using dir = await TempDir.create("demo");
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      import.meta.resolve("../lib/cli/demo.ts"),
      "--port",
      `${freePort()}`,
    ],
    stdout: "piped",
    stderr: "null",
    env: { TMPDIR: dir.path },
  }).spawn();
  let said = "";
  const read = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) said += decoder.decode(chunk);
  })();
  let ended = false;
  const status = child.status.finally(() => ended = true);
  try {
    const [, data, replica] = await until("it says how to restore", () => {
      assert.ok(!ended, `The demo ended: ${said}`);
      return /Databases +(\S+).*?Backups +file:\/\/(\S+).*removes/s.exec(said);
    }, { timeoutMs: 180_000 });
    assert.ok(existsSync(data!));
    assert.ok(existsSync(replica!));

    const command = said.split("\n").find((line) =>
      line.includes(" restore -o ")
    );
    const [program, ...args] = command!.trim().split(" ");
    const { success, stderr } = await new Deno.Command(program!, {
      args,
      cwd: dir.path,
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    assert.match(contentDigest(dir.join("restored.db")), /^[0-9a-f]{64}$/);
  } finally {
    if (!ended) child.kill("SIGINT");
  }
  assert.equal((await status).code, 0);
  await read;
  const left = [...Deno.readDirSync(dir.path)].map((entry) => entry.name);
  assert.deepEqual(left.filter((name) => name.includes("demo-")), []);
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
