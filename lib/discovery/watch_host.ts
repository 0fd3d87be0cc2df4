/**
 * A process of its own that watches folders by inotify, for a manager that may
 * not call the system's C library itself: it alone gets `--allow-ffi`, and
 * nothing else.
 *
 * Reads requests and writes answers and hints, a JSON line each, for a path may
 * hold any character; ends with its input, so it never outlives the manager.
 * @module
 */
import { LineSplitter } from "../domain/line_splitter.ts";
import { Bell } from "./bell.ts";
import { HintQueue } from "./hint_queue.ts";
import { openInotify } from "./inotify.ts";
import type {
  HostResult,
  WatchAnswer,
  WatchRequest,
} from "./watch_protocol.ts";
import type { FolderWatcher } from "./watcher.ts";

/** A request is at most so long: many folders with long names. */
const MAX_LINE = 1 << 24;

/** Watches until the input ends. */
export async function hostWatches(): Promise<void> {
  const queue = new HintQueue();
  const bell = new Bell();
  const ending = new AbortController();
  const say = (answer: WatchAnswer) => {
    queue.say(answer);
    bell.ring();
  };
  const writing = write(queue, bell, ending);
  const opened = openInotify({
    onHint(folder, name, isFolder) {
      queue.hint(folder, name, isFolder);
      bell.ring();
    },
    onOverflow() {
      queue.overflow();
      bell.ring();
    },
    // It tells at once what becomes of a folder.
    onResult() {},
    onEnd(reason) {
      say({ problem: reason, hint: "It is started again" });
      ending.abort();
    },
  });
  if ("problem" in opened) {
    say(opened);
    ending.abort();
    await writing;
    return;
  }
  await using watcher = opened;
  const lines = Deno.stdin.readable
    .pipeThrough(new LineSplitter({ maxLength: MAX_LINE }));
  for await (const line of lines) {
    say({ done: obey(JSON.parse(line), watcher) });
    if (ending.signal.aborted) break;
  }
  ending.abort();
  await writing;
}

function obey(
  { remove, add }: WatchRequest,
  watcher: FolderWatcher,
): [string, HostResult][] {
  const done: [string, HostResult][] = [];
  for (const folder of remove) watcher.remove(folder);
  for (const folder of add) {
    const result = watcher.add(folder);
    if (result !== "watched" && result !== "pending") {
      done.push([folder, result]);
    }
  }
  return done;
}

/** Writes what there is to say, as fast as the manager takes it. */
async function write(
  queue: HintQueue,
  bell: Bell,
  ending: AbortController,
): Promise<void> {
  const encoder = new TextEncoder();
  try {
    for (;;) {
      const text = queue.take();
      if (text === "") {
        if (ending.signal.aborted) return;
        await bell.wait(ending);
        continue;
      }
      const bytes = encoder.encode(text);
      for (let sent = 0; sent < bytes.length;) {
        sent += await Deno.stdout.write(bytes.subarray(sent));
      }
    }
  } catch (error) {
    // The manager was killed, and its end of the pipe with it.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
