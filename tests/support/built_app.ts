import { setManager } from "../../lib/app.ts";
import { FakeManager } from "./fake_manager.ts";

/** The web application as `deno task build` left it, with a made-up manager. */
export class BuiltApp implements Disposable {
  readonly manager: FakeManager;
  readonly #shown: Disposable;

  private constructor(
    readonly fetch: (req: Request) => Promise<Response>,
    manager: FakeManager,
  ) {
    this.manager = manager;
    this.#shown = setManager(manager);
  }

  /** @throws {Error} with the command to build it */
  static async create(manager = new FakeManager()): Promise<BuiltApp> {
    return new BuiltApp(await builtFetch(), manager);
  }

  /** Asks as a program on this machine does. */
  async ask(path: string, init?: RequestInit): Promise<Response> {
    return await this.fetch(new Request(`http://127.0.0.1:8080${path}`, init));
  }

  /** Serves on a free port of 127.0.0.1 until disposed. */
  serve(): AsyncDisposable & { readonly url: string } {
    const server = Deno.serve({
      port: 0,
      hostname: "127.0.0.1",
      automaticCompression: true,
      onListen: () => {},
    }, this.fetch);
    return {
      url: `http://127.0.0.1:${server.addr.port}`,
      [Symbol.asyncDispose]: async () => {
        this[Symbol.dispose]();
        await server.shutdown();
      },
    };
  }

  [Symbol.dispose](): void {
    this.#shown[Symbol.dispose]();
  }
}

/** The handler of the build. */
export async function builtFetch(): Promise<
  (req: Request) => Promise<Response>
> {
  // Not there before the build, so it must not be found by a type check.
  const path = "../../_fresh/server.js";
  try {
    return (await import(path)).default.fetch;
  } catch (error) {
    throw new Error(
      'Cannot load the built application: run "deno task build"',
      { cause: error },
    );
  }
}
