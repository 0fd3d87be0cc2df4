import { join } from "node:path";
import { stringify } from "yaml";
import type { Arena, Contender } from "./contender.ts";
import { Program } from "./program.ts";

/** Litestream alone, with its own folder watch. */
export class Peer implements Contender {
  readonly name: "peer" | "tuned";
  readonly #program: Program;

  /** @param tuned with what its users are told to set against the cost of requests */
  constructor(arena: Arena, { tuned }: { tuned: boolean }) {
    this.name = tuned ? "tuned" : "peer";
    const config = join(arena.dir, "litestream.yml");
    Deno.writeTextFileSync(
      config,
      stringify({
        ...tuned ? { "l0-retention-check-interval": "1h" } : {},
        logging: { level: "error" },
        dbs: [{
          dir: arena.databases.path,
          pattern: "*.db",
          watch: true,
          replica: {
            type: "s3",
            bucket: arena.bucket,
            path: arena.prefix,
            endpoint: arena.proxy.endpoint,
            "force-path-style": true,
          },
        }],
      }),
    );
    const { PATH = "", HOME = "" } = Deno.env.toObject();
    this.#program = new Program(arena.litestream, {
      args: ["replicate", "-config", config],
      env: { PATH, HOME, ...arena.env },
    });
  }

  get pid(): number {
    return this.#program.pid;
  }

  get ended(): Promise<string> {
    return this.#program.ended;
  }

  /** Its own status says "replicating" with a dead bucket: not asked. */
  allProtected(): Promise<null> {
    return Promise.resolve(null);
  }

  stop(boundMs: number): Promise<void> {
    return this.#program.stop(boundMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
