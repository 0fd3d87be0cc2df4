import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { lastLine } from "../setup/wheel.ts";

const ROOT = join(import.meta.dirname!, "..", "..");

/** Each module that is started as a program, and what it is called in the bundle. */
const ENTRIES = {
  "main.ts": "litestream-manager.js",
  // The program looks for them beside itself, by these names.
  "lib/protection/pin_host_main.ts": "pin_host_main.ts",
  "lib/discovery/watch_host_main.ts": "watch_host_main.ts",
} as const;

/**
 * Writes the program into a folder as files that need Deno and nothing else: no
 * network, no package, no source. The islands must be built.
 *
 * @returns path of the file to run
 * @throws {Error} if a module cannot be bundled
 */
export async function writeBundle(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [entry, name] of Object.entries(ENTRIES)) {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "bundle",
        "--quiet",
        "--platform=deno",
        `--output=${join(folder, name)}`,
        entry,
      ],
      cwd: ROOT,
      stdout: "null",
    }).output();
    if (!success) {
      const why = lastLine(new TextDecoder().decode(stderr));
      throw new Error(`Cannot bundle "${entry}": ${why}`);
    }
  }
  return join(folder, ENTRIES["main.ts"]);
}
