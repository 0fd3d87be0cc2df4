import assert from "node:assert/strict";
import {
  AppDatabase,
  contentDigest,
} from "../../tests/support/app_database.ts";
import { damageIndex } from "../../tests/support/damage.ts";
import { onceOptions } from "../../tests/support/once_process.ts";
import { replicateOnce } from "../../tests/support/replicated.ts";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { LitestreamError } from "./litestream_error.ts";
import { pageDigest } from "./page_digest.ts";
import { restoreOnce, type RestoreOptions } from "./restore.ts";

Deno.test("what is restored has the pages of the database, and is gone afterwards", async () => {
  await using scene = await Scene.create();
  let copy = "";
  await restoreOnce(scene.options, async (path) => {
    copy = path;
    assert.equal(await pageDigest(path), await pageDigest(scene.app.path));
    assert.equal(contentDigest(path), scene.app.digest());
  });
  await assert.rejects(Deno.stat(copy), Deno.errors.NotFound);
  assert.deepEqual([...Deno.readDirSync(scene.options.stateDir)], []);
});

Deno.test("what a restore finds wrong is a Litestream error, in the words that drills know", async () => {
  await using scene = await Scene.create();
  const [file] = scene.files(0);
  const whole = Deno.readFileSync(file!);
  const fails = (words: RegExp) =>
    assert.rejects(restoreOnce(scene.options, () => {}), (error: Error) => {
      assert(error instanceof LitestreamError, String(error));
      assert.match(error.message, words);
      return true;
    });
  Deno.writeFileSync(file!, whole.subarray(0, whole.length - 200));
  await fails(/unexpected EOF/);
  const flipped = whole.slice();
  flipped[whole.length >> 1]! ^= 0xff;
  Deno.writeFileSync(file!, flipped);
  await fails(/decode/);
  Deno.removeSync(file!);
  await fails(/no matching backup files available/);
});

Deno.test("SQLite's check of what is restored is a Litestream error in words of its own", async () => {
  await using scene = await Scene.create({ isDamaged: true });
  await assert.rejects(
    restoreOnce(scene.options, () => {}),
    (error: Error) =>
      error instanceof LitestreamError &&
      /integrity check failed/.test(error.message),
  );
  const options = { ...scene.options, check: false };
  const digest = await restoreOnce(options, (path) => pageDigest(path));
  assert.equal(digest, await pageDigest(scene.app.path));
});

Deno.test("a program that is not there is no Litestream error", async () => {
  await using scene = await Scene.create();
  const program = scene.dir.join("litestream");
  await assert.rejects(
    restoreOnce({ ...scene.options, program }, () => {}),
    (error) => !(error instanceof LitestreamError),
  );
  assert.deepEqual([...Deno.readDirSync(scene.options.stateDir)], []);
});

/** A database, closed, and its replica in a folder. */
class Scene implements AsyncDisposable {
  private constructor(
    readonly dir: TempDir,
    readonly app: AppDatabase,
    readonly options: RestoreOptions,
  ) {}

  static async create({ isDamaged = false } = {}): Promise<Scene> {
    const dir = await TempDir.create("restore");
    const state = dir.join("state");
    await Deno.mkdir(state);
    const app = AppDatabase.open(dir.join("app.db"));
    app.insert(200, 500);
    app.close();
    if (isDamaged) damageIndex(app.path);
    const url = `file://${dir.join("replica")}`;
    await replicateOnce({ dbPath: app.path, url, dir: dir.path });
    app.reopen();
    const { program, env, signal, onEvent } = onceOptions(state, app.path, 1);
    const options = {
      program,
      env,
      signal,
      onEvent,
      stateDir: state,
      replicaUrl: url,
      check: true,
    };
    return new Scene(dir, app, options);
  }

  /** Paths of its LTX files of a level. */
  files(level: number): string[] {
    const folder = this.dir.join("replica", "ltx", String(level));
    return [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.app.close();
    await this.dir[Symbol.asyncDispose]();
  }
}
