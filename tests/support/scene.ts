import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { AppDatabase, type AppDatabaseOptions } from "./app_database.ts";
import { contentDigest } from "./app_database.ts";
import { litestreamBin, runInShell } from "./replicated.ts";
import { ManagerProcess, type RunManagerOptions } from "./run_manager.ts";
import { credentials, region, type S3Store } from "./s3_store.ts";
import { TempDir } from "./temp_dir.ts";

export interface SceneOptions {
  /** Address for the manager instead of the store's own: that of a proxy. */
  readonly endpoint?: string;
}

export interface StartOptions extends Omit<RunManagerOptions, "args"> {
  /** Added to the flags, and win over them. */
  readonly args?: readonly string[];
}

/**
 * A watched folder `data`, a state folder and a prefix in a bucket, with
 * applications that own databases. Clients fall asleep after 2 s.
 */
export class Scene implements AsyncDisposable {
  readonly #apps = new Set<AppDatabase>();
  #restored = 0;

  private constructor(
    readonly dir: TempDir,
    readonly s3: S3Store,
    readonly prefix: string,
    readonly endpoint: string,
  ) {}

  static async create(
    name: string,
    s3: S3Store,
    { endpoint = s3.endpoint }: SceneOptions = {},
  ): Promise<Scene> {
    const dir = await TempDir.create(name);
    await Deno.mkdir(dir.join("data"));
    return new Scene(dir, s3, s3.uniquePrefix(name), endpoint);
  }

  get data(): string {
    return this.dir.join("data");
  }

  /** Path of a client's database in the watched folder. */
  path(id: string, folder = "."): string {
    return this.dir.join("data", folder, `${id}.db`);
  }

  /** The flags of a manager for this scene; `more` wins. */
  flags(more: readonly string[] = []): string[] {
    const flags: Record<string, string> = {
      "--watch-dir": this.data,
      "--bucket": this.s3.bucket,
      "--endpoint": this.endpoint,
      "--region": region,
      "--prefix": this.prefix,
      "--state-dir": this.dir.join("state"),
      "--idle-after": "2s",
      "--litestream": litestreamBin,
    };
    for (const flag of more) delete flags[flag];
    return [...Object.entries(flags).flat(), ...more];
  }

  async start(
    { args = [], env = this.s3.env, ...rest }: StartOptions = {},
  ): Promise<ManagerProcess> {
    return await ManagerProcess.start({ args: this.flags(args), env, ...rest });
  }

  /** An application with a few rows in a database of its own, closed at the end. */
  app(
    path: string = this.path(randomUUID()),
    options: AppDatabaseOptions = {},
  ): App {
    Deno.mkdirSync(dirname(path), { recursive: true });
    const app = AppDatabase.open(path, options);
    this.#apps.add(app);
    app.insert(20, 300);
    return Object.assign(app, { id: idOf(path) });
  }

  /** Restores with a command as a person pastes it; gives what is in the copy. */
  async restore(command: string): Promise<string> {
    return await this.#restore(command, contentDigest);
  }

  /** How many rows of a client the bucket holds, by a restore. */
  async rowsHeld(id: string): Promise<number> {
    return await this.#restore(this.directCommand(id), (path) => {
      using copy = AppDatabase.open(path);
      return copy.count();
    });
  }

  async #restore<T>(command: string, read: (path: string) => T): Promise<T> {
    const cwd = this.dir.join(`restored-${++this.#restored}`);
    await Deno.mkdir(cwd);
    const { ok, output } = await runInShell(command, {
      cwd,
      // The command names the proxy, which may be making trouble.
      env: this.s3.env,
    });
    assert.ok(ok, `${command}: ${output}`);
    const result = read(`${cwd}/restored.db`);
    await Deno.remove(cwd, { recursive: true });
    return result;
  }

  /** The command that the API prints for the newest restore point of a client. */
  async newestCommand(manager: ManagerProcess, id: string): Promise<string> {
    const response = await manager.get(`/api/client/${id}/restore-options`);
    assert.equal(response.status, 200, await response.clone().text());
    const { restoreOptions } = await response.json();
    assert.ok(restoreOptions.length > 0, `no restore option for ${id}`);
    return restoreOptions[0].command;
  }

  /** A command that restores what stands in the bucket, past any proxy. */
  directCommand(id: string): string {
    const options = new URLSearchParams({
      endpoint: this.s3.endpoint,
      forcePathStyle: "true",
      region,
    });
    return `litestream restore -o restored.db 's3://${this.s3.bucket}/${this.prefix}/${id}?${options}'`;
  }

  /** Asserts that what the bucket holds of each application is what it has. */
  async assertRestores(apps: Iterable<App>): Promise<void> {
    for (const app of apps) {
      assert.equal(
        await this.restore(this.directCommand(app.id)),
        app.digest(),
        `restore of ${app.id}`,
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const app of this.#apps) app.close();
    await this.dir[Symbol.asyncDispose]();
  }
}

/** An application and the id of its client. */
export type App = AppDatabase & { readonly id: string };

/** The client's id in a database's path. */
export function idOf(path: string): string {
  return path.split("/").at(-1)!.replace(/\.\w+$/, "").toLowerCase();
}

/** Credentials that the store refuses. */
export const wrongCredentials: Record<string, string> = {
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: "wrong",
  AWS_EC2_METADATA_DISABLED: "true",
};
