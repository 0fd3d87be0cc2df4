import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A fresh folder that is removed, with all below it, when disposed. */
export class TempDir implements AsyncDisposable {
  private constructor(readonly path: string) {}

  /** @param name stands in the folder's name, so that a left-over tells its test. */
  static async create(name = "test"): Promise<TempDir> {
    // The real path: what a watcher reports must compare equal to it.
    const base = await realpath(tmpdir());
    return new TempDir(
      await mkdtemp(join(base, `litestream-manager-${name}-`)),
    );
  }

  join(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Retries: a child that is just ending may still write into it.
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}
