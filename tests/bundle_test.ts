import assert from "node:assert/strict";
import { writeBundle } from "../lib/cli/bundle.ts";
import { watchHosts } from "../lib/discovery/testing.ts";
import { AppDatabase } from "./support/app_database.ts";
import { localFlags, ManagerProcess } from "./support/run_manager.ts";
import { TempDir } from "./support/temp_dir.ts";
import { until } from "./support/until.ts";

const ID = "3f0e3c9b-6f6a-4a55-8a0c-0b8f5d9e6a21";
const LATER = "3f0e3c9b-6f6a-4a55-8a0c-0b8f5d9e6a22";
/** More than are watched without another process. */
const FOLDERS = 70;

/**
 * What is compiled into a program is tried without its last step, for which Deno
 * downloads a part: the same modules, as files, far from their sources.
 */
Deno.test("the bundled program protects, and serves its pages, without its sources", async () => {
  await using dir = await TempDir.create("bundle");
  await Deno.mkdir(dir.join("data"));
  await Deno.mkdir(dir.join("empty"));
  for (let n = 0; n < FOLDERS; n++) await Deno.mkdir(dir.join("data", `c${n}`));
  const path = await writeBundle(dir.join("dist"));
  using app = AppDatabase.open(dir.join("data", `${ID}.db`));
  app.insert(10);

  await using manager = await ManagerProcess.start({
    program: ["--no-config", "--no-remote", "--no-npm", path],
    args: localFlags(dir.path),
    cwd: dir.join("empty"),
    // Neither packages nor sources that Deno has kept.
    env: { DENO_DIR: dir.join("deno") },
  });
  await manager.untilProtected(1);
  await until(
    "its folders are watched",
    async () => (await watchHosts(manager.pid)).length === 1,
  );
  using later = AppDatabase.open(
    dir.join("data", `c${FOLDERS - 1}`, `${LATER}.db`),
  );
  later.insert(1);
  await manager.untilProtected(2);
  const page = await (await manager.get("/")).text();
  const script = /src="(\/islands-[^"]+\.js)"/.exec(page)?.[1];
  assert.ok(script, page);
  for (const asset of [script, "/styles.css"]) {
    const response = await manager.get(asset);
    assert.equal(response.status, 200, asset);
    assert.ok((await response.text()).length > 100, asset);
  }
  await manager.stop();
});
