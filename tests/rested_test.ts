// deno-lint-ignore-file no-console
/**
 * Databases that nobody wrote for more than a minute. Litestream checkpoints
 * such a one right after its next sync, by itself, and makes another LTX file of
 * that: what most clients meet that wake, and no other test waits long enough for.
 * @module
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Adversary } from "./support/adversary.ts";
import { Dice, seededRandom } from "./support/random.ts";
import { idOf, Scene } from "./support/scene.ts";
import { sharedS3 } from "./support/shared_s3.ts";

/** After this Litestream checkpoints on its own, in ms, with some to spare. */
const RESTED_MS = 62_000;
/** How long the adversaries are at it, in ms, and when Litestream is killed. */
const STORM_MS = 8_000;
const KILL_MS = 1_200;

const s3 = await sharedS3();

Deno.test("databases at rest for a minute wake through Litestream's own checkpoint, and are restored", async () => {
  const seed = Number(Deno.env.get("FUZZ_SEED") ?? Date.now() % 1_000_000);
  console.log(`FUZZ_SEED=${seed}`);
  await using scene = await Scene.create("rested", s3);
  const writers = Array.from({ length: 8 }, () => scene.app());
  using harm = new DisposableStack();
  const adversaries = Array.from(
    { length: 12 },
    (_, index) =>
      harm.use(
        new Adversary(
          scene.path(randomUUID()),
          new Dice(seededRandom(seed + index)),
        ),
      ),
  );
  const all = [...writers, ...adversaries].map((app) => ({
    id: idOf(app.path),
    app,
  }));

  await using manager = await scene.start();
  await manager.untilAsleep(all.length);
  const before = await manager.status();
  await rested(all.map(({ app }) => app.path));

  const end = new AbortController();
  const storms = adversaries.map((adversary) => adversary.run(end.signal));
  for (const writer of writers) writer.insert(1);
  // Its checkpoint comes with the first sync, a second after it was given the database.
  await delay(KILL_MS);
  Deno.kill((await manager.status()).daemon.pid!, "SIGKILL");
  await delay(STORM_MS - KILL_MS);
  end.abort();
  await Promise.all(storms);
  // A write may still be on its way to the watcher.
  await delay(1_000);
  await manager.untilAsleep(all.length);

  // One write gave more than one LTX file, or this shows nothing.
  const grown = await Promise.all(writers.map(async ({ id }) => {
    const txid = before.clients.find(({ clientId }) => clientId === id)!.txid!;
    const now = (await manager.client(id))!.txid!;
    return Number(BigInt(`0x${now}`) - BigInt(`0x${txid}`));
  }));
  assert.ok(grown.some((files) => files > 1), `LTX files: ${grown}`);

  for (const { id, app } of all) {
    assert.equal(
      await scene.restore(scene.directCommand(id)),
      app.digest(),
      `restore of ${id}`,
    );
  }
  await manager.stop();
});

/** Waits until each file was last written more than a minute ago. */
async function rested(paths: readonly string[]): Promise<void> {
  const times = paths.map((path) => Deno.statSync(path).mtime!.getTime());
  await delay(Math.max(...times) + RESTED_MS - Date.now());
}
