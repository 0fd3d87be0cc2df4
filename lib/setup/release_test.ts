import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { arch } from "node:os";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { versionOf } from "./litestream_version.ts";
import { getRelease } from "./release.ts";

const signal = new AbortController().signal;
const cpu = arch() === "arm64" ? "arm64" : "x86_64";
const os = Deno.build.os === "darwin" ? "darwin" : "linux";
const name = `litestream-0.5.17-${os}-${cpu}.tar.gz`;

/** A host of releases on this machine, laid out as the real one. */
async function host(dir: TempDir, sumOf: (archive: Uint8Array) => string) {
  await Deno.writeTextFile(dir.join("litestream"), "#!/bin/sh\necho 0.5.17\n");
  await Deno.writeTextFile(dir.join("README.md"), "x\n");
  const { success } = await new Deno.Command("tar", {
    args: ["-czf", name, "litestream", "README.md"],
    cwd: dir.path,
  }).output();
  assert.ok(success);
  const archive = await Deno.readFile(dir.join(name));
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      switch (new URL(request.url).pathname) {
        case "/v0.5.17/checksums.txt":
          return new Response(
            `${"0".repeat(64)}  other\n${sumOf(archive)}  ${name}\n`,
          );
        case `/v0.5.17/${name}`:
          return new Response(archive);
        default:
          return new Response("no", { status: 404 });
      }
    },
  );
  return {
    base: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const sha256 = (data: Uint8Array) =>
  createHash("sha256").update(data).digest("hex");

Deno.test("a release whose checksum is right is unpacked", async () => {
  await using dir = await TempDir.create("release");
  await using releases = await host(dir, sha256);
  const to = dir.join("cache", "litestream-0.5.17");
  await getRelease("0.5.17", to, { signal, base: releases.base });
  assert.equal(await versionOf(to, { signal }), "0.5.17");
});

Deno.test("a release with another checksum is not", async () => {
  await using dir = await TempDir.create("release");
  await using releases = await host(dir, () => "a".repeat(64));
  const to = dir.join("cache", "litestream-0.5.17");
  await assert.rejects(
    getRelease("0.5.17", to, { signal, base: releases.base }),
    /^Error: Cannot trust "litestream-0\.5\.17-.*": its SHA-256 is [0-9a-f]{64}, the release says a{64}$/,
  );
  await assert.rejects(Deno.stat(to), Deno.errors.NotFound);
});

Deno.test("a release that is not there is an error that names it", async () => {
  await using dir = await TempDir.create("release");
  await using releases = await host(dir, sha256);
  await assert.rejects(
    getRelease("0.5.99", dir.join("x"), { signal, base: releases.base }),
    /Cannot download ".*\/v0\.5\.99\/checksums\.txt": status 404/,
  );
});
