// deno-lint-ignore-file no-console
/**
 * `deno task compile`: one program that needs no Deno, dist/litestream-manager.
 * Arguments go to `deno compile`, such as `--target`.
 * @module
 */
import { join } from "node:path";
import { runCommand } from "../setup/run_command.ts";
import { writeBundle } from "./bundle.ts";
import { startPermissions } from "./start_task.ts";

const ROOT = join(import.meta.dirname!, "..", "..");
const DIST = join(ROOT, "dist");
const COMPILE_MS = 600_000;

const program = join(DIST, "litestream-manager");
const compiled = await runCommand(Deno.execPath(), [
  "compile",
  ...startPermissions(),
  // For inotify. From its sources the program gives this only to a process of its
  // own, but what a compiled program starts of itself may do no more than it does.
  "--allow-ffi",
  `--output=${program}`,
  ...Deno.args,
  "main.ts",
], { signal: AbortSignal.timeout(COMPILE_MS), cwd: ROOT });

if (compiled.ok) {
  console.log(`Compiled ${program}`);
} else {
  const path = await writeBundle(DIST);
  const { deno } = Deno.version;
  console.error(`compile: deno compile did not work:

${compiled.stderr.trim().replace(/\n+Stack backtrace:[^]*/, "")}

A compiled program consists of ours and of "denort" ${deno}, which deno compile downloads from
Deno's own host. Where that is out of reach, take denort-TARGET.zip from Deno's release ${deno},
and set DENORT_BIN to the program in it.

What needs no download is done: the same program as one file, for a machine that has Deno.

  deno run ${startPermissions().join(" ")} ${path} --help`);
  Deno.exit(1);
}
