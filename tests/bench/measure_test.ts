import assert from "node:assert/strict";
import { makeDatabases } from "./databases.ts";
import { measure } from "./measure.ts";
import { MeteringProxy } from "./metering_proxy.ts";
import { Peer } from "./peer.ts";
import { TempDir } from "../support/temp_dir.ts";

Deno.test({
  name: "A program that dies ends its run and is told",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using dir = await TempDir.create("bench-dies");
    const litestream = dir.join("litestream");
    await Deno.writeTextFile(
      litestream,
      "#!/bin/sh\nsleep 0.5\necho 'thread limit' >&2\nexit 2\n",
      { mode: 0o755 },
    );
    await using proxy = MeteringProxy.start("http://127.0.0.1:9");
    const figures = await measure({
      dir: dir.path,
      databases: await makeDatabases(dir.join("data"), 3),
      proxy,
      bucket: "bucket",
      prefix: "databases",
      env: {},
      litestream,
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
    assert.match(figures.failure!, /^exit status 2\n+thread limit/);
    assert.equal(figures.firstUpload, null);
    assert.equal(figures.idle, null);
  },
});
