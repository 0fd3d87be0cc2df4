import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { FileFacts } from "../domain/client.ts";
import type { DiscoveryEvent } from "../domain/discovery_event.ts";
import { sleep } from "../domain/sleep.ts";
import { headerProblem } from "./sqlite_header.ts";
import { classifyName } from "./file_name.ts";
import type { DiscoveryTrouble } from "./troubles.ts";

/** A temporary folder that goes away with its scope. */
export class TempFolder implements Disposable {
  readonly path: string = Deno.makeTempDirSync({ prefix: "discovery-" });

  at(...names: string[]): string {
    return join(this.path, ...names);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** Keeps what discovery tells, and insists that it makes sense. */
export class Told {
  readonly facts: Map<string, FileFacts> = new Map();
  readonly log: string[] = [];
  readonly troubles: Map<string, string> = new Map();

  readonly onEvents = (events: readonly DiscoveryEvent[]): void => {
    for (const event of events) {
      const known = this.facts.has(event.path);
      if (known === (event.kind === "found")) {
        throw new Error(
          `"${event.path}" was told as ${event.kind} out of turn`,
        );
      }
      if (event.kind === "lost") this.facts.delete(event.path);
      else this.facts.set(event.path, event.facts);
      this.log.push(`${event.kind} ${event.path}`);
    }
  };

  readonly onTrouble = (trouble: DiscoveryTrouble): void => {
    if ("cleared" in trouble) this.troubles.delete(trouble.subject);
    else {this.troubles.set(
        trouble.subject,
        `${trouble.message}; ${trouble.hint}`,
      );}
  };

  get paths(): string[] {
    return [...this.facts.keys()].sort();
  }

  count(line: string): number {
    return this.log.filter((each) => each === line).length;
  }
}

/** Waits until a condition holds; after `ms` throws, saying what was waited for. */
export async function until(
  what: string | (() => string),
  holds: () => boolean,
  { ms = 60_000, everyMs = 10 }: { ms?: number; everyMs?: number } = {},
): Promise<void> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) {
      const text = typeof what === "string" ? what : what();
      throw new Error(`Waited in vain: ${text}`);
    }
    await sleep(everyMs);
  }
}

export function uuid(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}

/** The bytes of a small database that SQLite made. */
export const DATABASE_BYTES: Uint8Array<ArrayBuffer> = (() => {
  using folder = new TempFolder();
  const path = folder.at("template.db");
  const database = new DatabaseSync(path);
  database.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
  database.close();
  return Deno.readFileSync(path);
})();

export function writeDatabase(path: string): string {
  Deno.writeFileSync(path, DATABASE_BYTES);
  return path;
}

/** The databases below folders, found without discovery's own walk. */
export function databasesOnDisk(roots: readonly string[]): string[] {
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
      const path = join(folder, name);
      if (name.startsWith(".")) continue;
      if (isDirectory) walk(path);
      else if (isFile && classifyName(name).kind === "database") {
        if (headerProblem(Deno.readFileSync(path).subarray(0, 100)) === null) {
          found.push(path);
        }
      }
    }
  };
  for (const root of roots) if (existsSync(root)) walk(root);
  return found.sort();
}

/** Process ids of the watch hosts that a process has. */
export async function watchHosts(parent = Deno.pid): Promise<number[]> {
  const { stdout } = await new Deno.Command("ps", {
    args: ["-o", "pid=,stat=,args=", "--ppid", `${parent}`],
  }).output();
  return new TextDecoder().decode(stdout).split("\n")
    .filter((line) => /^\s*\d+\s+[^Z].*watch_host_main/.test(line))
    .map((line) => Number(line.trim().split(/\s+/)[0]));
}
