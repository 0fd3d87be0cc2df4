import assert from "node:assert/strict";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { LineSplitter } from "../domain/line_splitter.ts";
import {
  FolderLock,
  FolderLockedError,
  LOCK_FILE,
  refuseIfLockedAbove,
} from "./folder_lock.ts";

Deno.test("a second process is refused, and told who has the folder", async () => {
  await using dir = await TempDir.create("lock");
  await using holder = await Holder.start(dir.path, dir);
  assert.throws(() => FolderLock.take(dir.path), (error) => {
    assert(error instanceof FolderLockedError);
    assert(error.message.includes(`process ${holder.pid})`), error.message);
    assert(error.message.includes(`"${dir.path}"`), error.message);
    return true;
  });
});

Deno.test("a folder is free again when its holder was killed", async () => {
  await using dir = await TempDir.create("lock");
  const holder = await Holder.start(dir.path, dir);
  await holder[Symbol.asyncDispose]();
  using _lock = FolderLock.take(dir.path);
  const file = await Deno.readTextFile(dir.join(LOCK_FILE));
  assert.equal(file, `${Deno.pid}\n`);
});

Deno.test("a folder is free again when its lock is disposed of", async () => {
  await using dir = await TempDir.create("lock");
  FolderLock.take(dir.path)[Symbol.dispose]();
  using _lock = FolderLock.take(dir.path);
  assert.throws(() => FolderLock.take(dir.path), FolderLockedError);
});

Deno.test("a folder below one that another looks after is refused", async () => {
  await using dir = await TempDir.create("lock");
  const below = dir.join("a", "b");
  await Deno.mkdir(below, { recursive: true });
  refuseIfLockedAbove(below);
  {
    await using holder = await Holder.start(dir.path, dir);
    assert.throws(() => refuseIfLockedAbove(below), (error) => {
      assert(error instanceof FolderLockedError);
      assert(error.message.includes(`process ${holder.pid})`), error.message);
      return true;
    });
    // Its own lock is another's business.
    refuseIfLockedAbove(dir.path);
  }
  // The file that it left says nothing.
  refuseIfLockedAbove(below);
});

Deno.test("asking leaves a folder above free", async () => {
  await using dir = await TempDir.create("lock");
  const below = dir.join("a");
  await Deno.mkdir(below);
  FolderLock.take(dir.path)[Symbol.dispose]();
  refuseIfLockedAbove(below);
  using _lock = FolderLock.take(dir.path);
});

Deno.test("a folder that is not there cannot be taken", () => {
  assert.throws(() => FolderLock.take("/nonexistent"), Deno.errors.NotFound);
});

/** Another process that has a folder, until it is killed. */
class Holder implements AsyncDisposable {
  private constructor(
    readonly pid: number,
    readonly end: () => Promise<void>,
  ) {}

  static async start(folder: string, dir: TempDir): Promise<Holder> {
    const module = new URL("./folder_lock.ts", import.meta.url).href;
    const script = dir.join("holder.ts");
    await Deno.writeTextFile(
      script,
      `import { FolderLock } from ${JSON.stringify(module)};
       const lock = FolderLock.take(${JSON.stringify(folder)});
       Deno.stdout.writeSync(new TextEncoder().encode("taken\\n"));
       await new Promise(() => setInterval(() => lock, 1e6));`,
    );
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-config", "--no-check", script],
      stdout: "piped",
    }).spawn();
    const lines = child.stdout.pipeThrough(new LineSplitter()).getReader();
    assert.equal((await lines.read()).value, "taken");
    return new Holder(child.pid, async () => {
      child.kill("SIGKILL");
      await child.status;
      await lines.cancel();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }
}
