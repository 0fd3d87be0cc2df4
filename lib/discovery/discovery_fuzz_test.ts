import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fingerprintOf } from "../domain/client.ts";
import { Discovery } from "./discovery.ts";
import { readFacts } from "./file_facts.ts";
import { openBestWatch } from "./best_watch.ts";
import { openHostedWatch } from "./hosted_watch.ts";
import { openInotify } from "./inotify.ts";
import {
  DATABASE_BYTES,
  databasesOnDisk,
  TempFolder,
  Told,
  until,
  uuid,
  watchHosts,
  writeDatabase,
} from "./testing.ts";
import type { OpenWatcher } from "./watcher.ts";

const seed = Number(Deno.env.get("FUZZ_SEED") ?? Date.now() % 1_000_000);

/** A small generator of numbers that a seed repeats (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6D2B79F5) >>> 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) % below;
  };
}

/** One random step on the disk; one that is not possible at the moment does nothing. */
function step(
  roots: readonly string[],
  outside: string,
  random: (below: number) => number,
) {
  const folder = () => {
    const depth = random(4);
    const names = Array.from({ length: depth }, () => `d${random(3)}`);
    return [roots[random(roots.length)]!, ...names].join("/");
  };
  const file = () =>
    `${folder()}/${uuid(random(6))}.${["db", "sqlite"][random(2)]}`;
  const move = (from: string, to: string) => {
    if (!existsSync(to)) Deno.renameSync(from, to);
  };
  try {
    switch (random(16)) {
      case 0:
      case 1:
      case 2:
        writeDatabase(file());
        break;
      case 3:
        Deno.writeFileSync(file(), DATABASE_BYTES.subarray(0, random(200)));
        break;
      case 4: {
        const path = file();
        if (existsSync(path)) {
          Deno.writeFileSync(`${path}-wal`, new Uint8Array(random(5_000)));
        }
        break;
      }
      case 5:
        Deno.removeSync(`${file()}-wal`);
        break;
      case 6:
      case 7:
        Deno.removeSync(file());
        break;
      case 8:
        Deno.renameSync(file(), file());
        break;
      case 9: {
        const temporary = `${folder()}/new.tmp`;
        writeDatabase(temporary);
        Deno.renameSync(
          temporary,
          `${dirname(temporary)}/${uuid(random(6))}.db`,
        );
        break;
      }
      case 10:
      case 11:
        Deno.mkdirSync(folder(), { recursive: true });
        break;
      case 12:
        move(folder(), folder());
        break;
      case 13: {
        const parked = `${outside}/p${random(3)}`;
        if (existsSync(parked)) move(parked, folder());
        else Deno.renameSync(folder(), parked);
        break;
      }
      case 14: {
        const path = folder();
        if (random(3) === 0) Deno.removeSync(path, { recursive: true });
        break;
      }
      case 15:
        Deno.writeFileSync(file(), new Uint8Array(random(3) * 50), {
          append: true,
        });
        break;
    }
  } catch (error) {
    // What it wanted to change is not there: part of the game.
    if (!(error instanceof Deno.errors.NotFound || isRefusal(error))) {
      throw error;
    }
  }
}

/** Renamed into itself, onto a folder, below a file: the system says no. */
function isRefusal(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? "";
  return ["EINVAL", "ENOTEMPTY", "ENOTDIR", "EISDIR", "EEXIST"].includes(code);
}

/** Loses one hint in three, and at times all of them until the next sweep. */
function lossy(random: (below: number) => number): OpenWatcher {
  return (handlers) =>
    openInotify({
      ...handlers,
      onHint: (folder, name, isFolder) => {
        if (random(3) > 0) handlers.onHint(folder, name, isFolder);
      },
    });
}

function difference(
  told: readonly string[],
  onDisk: readonly string[],
): string {
  const missing = onDisk.filter((path) => !told.includes(path));
  const extra = told.filter((path) => !onDisk.includes(path));
  return `${missing.length} of ${onDisk.length} missing (${
    missing[0]
  }), ${extra.length} gone (${extra[0]})`;
}

/** More events than the kernel keeps, without a pause in which we could read them. */
function fillQueue(folder: string) {
  const limit = Number(
    Deno.readTextFileSync("/proc/sys/fs/inotify/max_queued_events"),
  );
  const path = `${folder}/flood.tmp`;
  for (let i = 0; i < limit; i++) {
    Deno.writeFileSync(path, new Uint8Array());
    Deno.removeSync(path);
  }
}

const RUNS: {
  what: string;
  steps: number;
  /** So many steps are made before the program gets its turn. */
  burst: number;
  /** Fills the kernel's queue before each burst, so that it overflows. */
  flood?: boolean;
  tellsOverflow?: boolean;
  isBlind?: boolean;
  /** Kills the process that watches at times. */
  kills?: boolean;
  /** The process that watches would keep up with a flood: it is stopped meanwhile. */
  stops?: boolean;
  openWatcher?: (random: (below: number) => number) => OpenWatcher;
}[] = [
  { what: "a steady stream", steps: 3_000, burst: 10 },
  { what: "storms", steps: 12_000, burst: 1_500 },
  {
    what: "a steady stream, by inotify itself",
    steps: 3_000,
    burst: 10,
    openWatcher: () => openInotify,
  },
  {
    what: "a storm that overflows the kernel's queue, which Deno does not tell",
    steps: 4_000,
    burst: 2_000,
    flood: true,
  },
  {
    what: "a storm that overflows the kernel's queue",
    steps: 6_000,
    burst: 3_000,
    flood: true,
    tellsOverflow: true,
    openWatcher: () => openInotify,
  },
  {
    what: "a steady stream, by the watch host",
    steps: 3_000,
    burst: 10,
    openWatcher: () => openHostedWatch,
  },
  {
    what: "a storm that overflows the kernel's queue, by the watch host",
    steps: 6_000,
    burst: 3_000,
    flood: true,
    tellsOverflow: true,
    stops: true,
    openWatcher: () => openHostedWatch,
  },
  {
    what: "a steady stream, by a watch host that is killed at times",
    steps: 3_000,
    burst: 10,
    kills: true,
    openWatcher: () => openHostedWatch,
  },
  { what: "hints that get lost", steps: 3_000, burst: 10, openWatcher: lossy },
  {
    what: "no watcher at all",
    steps: 3_000,
    burst: 10,
    isBlind: true,
    openWatcher: () => () => ({ problem: "none", hint: "none" }),
  },
];

for (const [i, run] of RUNS.entries()) {
  const { what, steps, burst, flood, openWatcher } = run;
  Deno.test(`what is told equals the disk after ${what} (FUZZ_SEED=${seed})`, async () => {
    using place = new TempFolder();
    const random = randomOf(seed + i);
    const roots = [place.at("one"), place.at("two")];
    for (const root of roots) Deno.mkdirSync(root);
    Deno.mkdirSync(place.at("outside"));
    // Always watched: the roots themselves may just have been made anew.
    Deno.mkdirSync(place.at("flooded"));
    const told = new Told();
    let overflows = 0;
    const open = openWatcher?.(random) ?? openBestWatch;
    await using discovery = await Discovery.start({
      watchDirs: [...roots, place.at("flooded")],
      signal: new AbortController().signal,
      sweepMs: 300,
      onEvents: told.onEvents,
      onTrouble: told.onTrouble,
      openWatcher: (handlers) =>
        open({
          ...handlers,
          onOverflow: () => (overflows++, handlers.onOverflow()),
        }),
    });
    for (let done = 0; done < steps; done++) {
      if (flood && done % burst === 1) {
        const stopped = run.stops ? await watchHosts() : [];
        for (const host of stopped) Deno.kill(host, "SIGSTOP");
        fillQueue(place.at("flooded"));
        for (const host of stopped) Deno.kill(host, "SIGCONT");
      }
      if (run.kills && done % 1_000 === 500) {
        for (const host of await watchHosts()) Deno.kill(host, "SIGKILL");
      }
      step(roots, place.at("outside"), random);
      if (done % burst === 0) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    for (const root of roots) Deno.mkdirSync(root, { recursive: true });
    writeDatabase(`${roots[0]}/${uuid(99)}.db`);

    const onDisk = databasesOnDisk(roots);
    await until(
      () => difference(told.paths, onDisk),
      () => told.paths.join() === onDisk.join(),
    );
    await until(
      "their last change",
      () =>
        onDisk.every((path) =>
          fingerprintOf(told.facts.get(path)!) ===
            fingerprintOf(readFacts(path)!)
        ),
    );
    // The kernel tells it after all that it kept.
    if (run.tellsOverflow) await until("an overflow", () => overflows > 0);
    assert.ok(told.log.length > 0);
    if (!run.isBlind) {
      await until("the end of all trouble", () => told.troubles.size === 0);
    }
    // And nothing is told of what does not change any more.
    // A hint may still be on its way from another process, and one of a file
    // that was written while we looked is told even if nothing shows.
    let before = -1;
    await until("quiet", () => {
      const isQuiet = told.log.length === before;
      before = told.log.length;
      return isQuiet;
    }, { everyMs: 300 });
    await discovery.rescan();
    before = told.log.length;
    await discovery.rescan();
    assert.equal(told.log.length, before);
    assert.deepEqual(told.troubles.size, run.isBlind ? 1 : 0);
  });
}
