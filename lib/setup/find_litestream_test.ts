import assert from "node:assert/strict";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { findLitestream } from "./find_litestream.ts";
import { isNewEnough } from "./litestream_version.ts";

const { signal } = new AbortController();

/** A program that answers `version` as a Litestream of that version would. */
async function program(path: string, says: string): Promise<string> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(
    path,
    `#!/bin/sh\n[ "$1" = version ] && echo '${says}'\n`,
  );
  await Deno.chmod(path, 0o755);
  return path;
}

Deno.test("what is named wins over PATH, PATH over the cache", async () => {
  await using dir = await TempDir.create("find");
  const cacheDir = dir.join("cache");
  const named = await program(dir.join("named", "ls"), "0.6.0");
  const variable = await program(dir.join("variable", "ls"), "v0.5.18");
  const inPath = await program(dir.join("bin", "litestream"), "0.5.17");
  const cached = await program(
    dir.join("cache", "litestream-0.5.17"),
    "0.5.17",
  );
  const PATH = `${dir.join("nowhere")}:${dir.join("bin")}`;
  const find = (explicit: string | null, env: Record<string, string>) =>
    findLitestream({ explicit, env, cacheDir, signal });

  assert.deepEqual(await find(named, { PATH, LITESTREAM_BIN: variable }), {
    path: named,
    version: "0.6.0",
    source: "--litestream",
  });
  assert.deepEqual(await find(null, { PATH, LITESTREAM_BIN: variable }), {
    path: variable,
    version: "0.5.18",
    source: "LITESTREAM_BIN",
  });
  assert.equal((await find("litestream", { PATH })).path, inPath);
  assert.deepEqual(await find(null, { PATH }), {
    path: inPath,
    version: "0.5.17",
    source: "PATH",
  });
  assert.deepEqual(await find(null, { PATH: "" }), {
    path: cached,
    version: "0.5.17",
    source: "cache",
  });
});

Deno.test("one that is too old is named, unless the cache has a newer", async () => {
  await using dir = await TempDir.create("find");
  const old = await program(dir.join("bin", "litestream"), "v0.3.13");
  const cacheDir = dir.join("cache");
  const env = { PATH: dir.join("bin") };
  const message =
    `Cannot use Litestream 0.3.13 at "${old}": 0.5.17 or newer is needed, run \`deno task setup\` to get it`;
  await assert.rejects(
    findLitestream({ explicit: null, env, cacheDir, signal }),
    {
      message,
    },
  );
  const cached = await program(
    dir.join("cache", "litestream-0.5.17"),
    "0.5.17",
  );
  const lines: string[] = [];
  const found = await findLitestream({
    explicit: null,
    env,
    cacheDir,
    signal,
    onProgress: (line) => lines.push(line),
  });
  assert.equal(found.path, cached);
  assert.deepEqual(lines, [`Passing over ${old}: 0.3.13 is older than 0.5.17`]);
  // What the operator names is never replaced by another.
  await assert.rejects(
    findLitestream({ explicit: old, env, cacheDir, signal }),
    {
      message,
    },
  );
});

Deno.test("what is no Litestream is said to be none", async () => {
  await using dir = await TempDir.create("find");
  const env = { PATH: "" };
  const cacheDir = dir.path;
  const other = await program(
    dir.join("bin", "other"),
    "other program, version 7",
  );
  const find = (explicit: string | null) =>
    findLitestream({ explicit, env, cacheDir, signal });
  await assert.rejects(
    find(other),
    /version" tells no version of Litestream/,
  );
  await assert.rejects(
    find(dir.join("missing")),
    /Cannot use --litestream ".*missing": there is no such program/,
  );
  await assert.rejects(find(null), {
    message:
      "Cannot find Litestream: run `deno task setup`, or name it with --litestream",
  });
});

const versions: [string, boolean][] = [
  ["0.5.17", true],
  ["0.5.18", true],
  ["0.6.0", true],
  ["1.0.0", true],
  ["0.5.17-rc1", true],
  ["0.5.9", false],
  ["0.5.16", false],
  ["0.3.99", false],
];

for (const [version, expected] of versions) {
  Deno.test(`${version} is ${expected ? "" : "not "}new enough`, () => {
    assert.equal(isNewEnough(version), expected);
  });
}
