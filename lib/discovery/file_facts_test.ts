import assert from "node:assert/strict";
import { lstatSync } from "node:fs";
import { fingerprintOf } from "../domain/client.ts";
import {
  factsOf,
  lookAt,
  pathIn,
  quickStamp,
  readFacts,
} from "./file_facts.ts";
import { TempFolder } from "./testing.ts";

Deno.test("a fingerprint and the quick look tell the same states apart", () => {
  using root = new TempFolder();
  const path = root.at("x.db");
  assert.equal(readFacts(path), null);
  assert.equal(readFacts(root.at("x.db", "below")), null);
  assert.ok(Number.isNaN(quickStamp(path)));
  const marks = new Set<string>();
  const stamps = new Set<number>();
  const steps = [
    () => Deno.writeTextFileSync(path, "one"),
    () => Deno.writeTextFileSync(path, "three"),
    () => Deno.utimeSync(path, 1_700_000_000.123, 1_700_000_000.123),
    () => Deno.utimeSync(path, 1_700_000_000.124, 1_700_000_000.124),
    () => Deno.writeTextFileSync(`${path}-wal`, ""),
    () => Deno.writeTextFileSync(`${path}-wal`, "frames"),
    () => Deno.utimeSync(`${path}-wal`, 1_700_000_000, 1_700_000_000),
    () => Deno.removeSync(`${path}-wal`),
    () => Deno.renameSync(path, root.at("old.db")),
    () => Deno.copyFileSync(root.at("old.db"), path),
  ];
  for (const step of steps) {
    step();
    const facts = readFacts(path);
    if (facts === null) continue;
    assert.deepEqual(facts, factsOf(path, lookAt(path)!));
    assertAsNode(path);
    assert.equal(quickStamp(path), quickStamp(path));
    stamps.add(quickStamp(path));
    marks.add(fingerprintOf(facts));
  }
  Deno.symlinkSync(path, root.at("link.db"));
  assertAsNode(root.at("link.db"));
  assertAsNode(root.path);
  // Without its WAL it looks as it did before it had one.
  assert.equal(marks.size, steps.length - 2);
  assert.equal(stamps.size, steps.length - 2);
  assert.ok([...stamps].every(Number.isSafeInteger));
});

/** What the quick look tells is what node's slower one does. */
function assertAsNode(path: string): void {
  const quick = lookAt(path)!;
  const node = lstatSync(path, { bigint: true });
  const numbers = [
    "dev",
    "ino",
    "size",
    "mtimeNs",
    "mtimeMs",
    "ctimeMs",
    "birthtimeMs",
  ];
  // Node's own has many more methods.
  assert(!("isFIFO" in quick));
  for (const name of numbers as (keyof typeof quick & keyof typeof node)[]) {
    assert.equal(quick[name], node[name], name);
  }
  assert.equal(quick.isFile(), node.isFile());
  assert.equal(quick.isDirectory(), node.isDirectory());
  assert.equal(quick.isSymbolicLink(), node.isSymbolicLink());
}

Deno.test("paths are joined as the system does", () => {
  assert.equal(pathIn("/a/b", "c"), "/a/b/c");
  assert.equal(pathIn("/", "c"), "/c");
});
