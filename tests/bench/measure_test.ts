import assert from "node:assert/strict";
import { makeDatabases } from "./databases.ts";
import type { Figures } from "./figures.ts";
import { measure } from "./measure.ts";
import { MeteringProxy } from "./metering_proxy.ts";
import { Peer } from "./peer.ts";
import { TempDir } from "../support/temp_dir.ts";
import { until } from "../support/until.ts";

const onLinux = { ignore: Deno.build.os !== "linux" };

Deno.test("A program that dies ends its run and is told", onLinux, async () => {
  await using dir = await TempDir.create("bench-dies");
  const figures = await measureScript(
    dir,
    "sleep 0.5\necho 'thread limit' >&2\nexit 2",
  );
  assert.match(figures.failure!, /^exit status 2\n+thread limit/);
  assert.equal(figures.firstUpload, null);
  assert.equal(figures.idle, null);
});

Deno.test(
  "A bench that is ended ends the program that it measures",
  onLinux,
  async () => {
    await using dir = await TempDir.create("bench-ended");
    const ending = new AbortController();
    const pidFile = dir.join("pid");
    const measured = measureScript(
      dir,
      `echo $$ > ${pidFile}\nexec sleep 60`,
      ending.signal,
    );
    const pid = await until("it runs", async () => {
      return Number(await Deno.readTextFile(pidFile).catch(() => ""));
    });
    ending.abort();
    assert.equal((await measured).failure, "Interrupted");
    await assert.rejects(Deno.stat(`/proc/${pid}`), Deno.errors.NotFound);
  },
);

/** Measures a shell script in Litestream's place. */
async function measureScript(
  dir: TempDir,
  script: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<Figures> {
  const litestream = dir.join("litestream");
  await Deno.writeTextFile(litestream, `#!/bin/sh\n${script}\n`, {
    mode: 0o755,
  });
  await using proxy = MeteringProxy.start("http://127.0.0.1:9");
  return await measure({
    dir: dir.path,
    databases: await makeDatabases(dir.join("data"), 3),
    proxy,
    bucket: "bucket",
    prefix: "databases",
    env: {},
    litestream,
    isQuiet: true,
    signal,
  }, {
    start: (arena) => new Peer(arena, { tuned: false }),
    name: "peer",
    restSeconds: 1,
    idleSeconds: 1,
    activeSeconds: 1,
    samples: 2,
    openers: 0,
    say: () => {},
  });
}
