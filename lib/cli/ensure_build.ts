/**
 * Builds the islands into _fresh/ when that is missing or older than a source, so
 * that one command is enough after a clone or an update.
 * @module
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";

const BUILT = "_fresh/server.js";
const SOURCES = ["routes", "islands", "static", "lib", "dev.ts", "deno.json"];

process.chdir(join(import.meta.dirname!, "..", ".."));
if (await isStale()) {
  // Standard output is for the program that is started next.
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "dev.ts", "build"],
  }).output();
  if (!success) {
    await Deno.stderr.write(stdout);
    await Deno.stderr.write(stderr);
    Deno.exit(1);
  }
}

async function isStale(): Promise<boolean> {
  let builtMs: number;
  try {
    builtMs = (await stat(BUILT)).mtimeMs;
  } catch {
    return true;
  }
  for (const source of SOURCES) {
    if (await newestMs(source) > builtMs) return true;
  }
  return false;
}

async function newestMs(path: string): Promise<number> {
  const info = await stat(path);
  if (!info.isDirectory()) return info.mtimeMs;
  const names = await readdir(path);
  const times = await Promise.all(
    names.map((name) => newestMs(join(path, name))),
  );
  return Math.max(info.mtimeMs, ...times);
}
