import { join } from "node:path";
import {
  startEnvironment,
  startPermissions,
} from "../../lib/cli/start_task.ts";
import { freePorts } from "../support/free_ports.ts";
import type { Arena, Contender } from "./contender.ts";
import { Program } from "./program.ts";

const ROOT = new URL("../../", import.meta.url);

/** Litestream Manager, as `deno task start` runs it; `options` are more flags of its own. */
export class Ours implements Contender {
  readonly name = "ours";
  /** Address of its pages and its API. */
  readonly url: string;
  readonly #program: Program;
  readonly #count: number;

  constructor(arena: Arena, options: readonly string[] = []) {
    const port = freePorts(1)[0]!;
    this.url = `http://127.0.0.1:${port}`;
    this.#count = arena.databases.ids.length;
    const { PATH = "", HOME = "", DENO_DIR } = Deno.env.toObject();
    this.#program = new Program(Deno.execPath(), {
      args: [
        "run",
        ...startPermissions(),
        new URL("main.ts", ROOT).href,
        "--watch-dir",
        arena.databases.path,
        "--bucket",
        arena.bucket,
        "--prefix",
        arena.prefix,
        "--endpoint",
        arena.proxy.endpoint,
        "--state-dir",
        stateDir(arena),
        "--litestream",
        arena.litestream,
        "--port",
        `${port}`,
        ...options,
      ],
      env: {
        PATH,
        HOME,
        ...DENO_DIR ? { DENO_DIR } : {},
        ...startEnvironment(),
        ...arena.env,
      },
    });
  }

  get pid(): number {
    return this.#program.pid;
  }

  get ended(): Promise<string> {
    return this.#program.ended;
  }

  /** Asks for a number, not for the list: with 100,000 that would be work for it. */
  async allProtected(): Promise<boolean> {
    const found = await this.#get("/api/clients?status=protected&limit=1", {
      end: `,"clients":[`,
    });
    return (found as { total: number } | null)?.total === this.#count;
  }

  /** Counters of `/api/status`, without its list of clients; null when it does not answer yet. */
  async status(): Promise<StatusHead | null> {
    const head = await this.#get("/api/status", { end: `,"clients":[` });
    return head as StatusHead | null;
  }

  /** What it says of one client that lags or fails; null when there is none. */
  async trouble(): Promise<string | null> {
    for (const status of TROUBLES) {
      const found = await this.#get(
        `/api/clients?status=${status}&limit=1`,
      ) as { clients: ClientHead[] } | null;
      const client = found?.clients[0];
      if (client === undefined) continue;
      const { unsyncedForMs, error } = client;
      return `${status}: unsynced for ${unsyncedForMs} ms, ${
        error?.message ?? "no error"
      }`;
    }
    return null;
  }

  /** An answer in JSON, or its start before `end`; null when there is none yet. */
  async #get(path: string, { end }: { end?: string } = {}): Promise<unknown> {
    try {
      const response = await fetch(this.url + path);
      if (!response.ok || response.body === null) {
        await response.body?.cancel();
        return null;
      }
      let text = "";
      for await (
        const piece of response.body.pipeThrough(new TextDecoderStream())
      ) {
        text += piece;
        const at = end === undefined ? -1 : text.indexOf(end);
        // Leaving the loop cancels the rest.
        if (at >= 0) return JSON.parse(`${text.slice(0, at)}}`);
      }
      return JSON.parse(text);
    } catch (error) {
      // Nobody listens yet.
      if (error instanceof TypeError) return null;
      throw error;
    }
  }

  stop(boundMs: number): Promise<void> {
    return this.#program.stop(boundMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

/** Statuses of clients that something is wrong with, the worse first. */
export const TROUBLES = ["failing", "lagging"] as const;

interface ClientHead {
  readonly unsyncedForMs: number | null;
  readonly error: { readonly message: string } | null;
}

/** What the bench reads of `/api/status`. */
export interface StatusHead {
  readonly counts: Readonly<Record<string, number>>;
  readonly awake: number;
  readonly daemon: { readonly daemons: number };
}

export function stateDir({ dir }: Arena): string {
  return join(dir, "state");
}
