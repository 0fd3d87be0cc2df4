/**
 * `deno run -A dev.ts build` builds the islands into _fresh/. Without `build` it
 * then runs main.ts with the other arguments, and builds and starts again when
 * a file changes.
 * @module
 */
import { Builder } from "fresh/dev";
import process from "node:process";

const WATCHED = ["routes", "islands", "static", "lib", "main.ts"];
/** Editors write a file in several steps. */
const SETTLE_MS = 300;

const builder = () => new Builder({ serverEntry: "lib/app.ts" });

/** Builds and runs, again and again, until it is interrupted. */
async function develop(args: readonly string[]): Promise<void> {
  let child: Child | null = null;
  const stop = () => {
    child?.stop();
    process.exit(0);
  };
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);

  for (;;) {
    const watcher = Deno.watchFs(WATCHED);
    if (await build()) child = new Child(args);
    await changed(watcher);
    await child?.stop();
    child = null;
  }
}

/** main.ts in a process of its own, which may end by itself. */
class Child {
  readonly #process: Deno.ChildProcess;
  #ended = false;

  constructor(args: readonly string[]) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "main.ts", ...args],
    }).spawn();
    void this.#process.status.then(() => this.#ended = true);
  }

  async stop(): Promise<void> {
    if (!this.#ended) this.#process.kill("SIGTERM");
    await this.#process.status;
  }
}

/** In a process of its own, since a module is only ever loaded once. */
async function build(): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "dev.ts", "build"],
  }).spawn().status;
  return success;
}

async function changed(watcher: Deno.FsWatcher): Promise<void> {
  for await (const { kind } of watcher) {
    if (kind !== "access") break;
  }
  watcher.close();
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

if (import.meta.main) {
  const [command, ...rest] = Deno.args;
  if (command === "build") await builder().build();
  else await develop(command === undefined ? [] : [command, ...rest]);
}
