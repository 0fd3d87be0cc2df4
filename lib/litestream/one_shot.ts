import { getLogger } from "@logtape/logtape";
import { join } from "node:path";
import { LineSplitter } from "../domain/line_splitter.ts";
import { LitestreamError } from "./litestream_error.ts";
import { type LogEvent, parseLogLine } from "./log_event.ts";
import { commandLine, endProcess } from "./process.ts";
import { spawnLitestream } from "./spawn.ts";
import { yamlText } from "./yaml_text.ts";

const log = getLogger(["litestream-manager", "litestream"]);

/** How the names of their folders in the state folder begin. */
const PREFIX = "one-shot-";
/** File with its process id. */
const PID = "pid";
/** How long one that an earlier manager left may take to end, in ms. */
const GRACE_MS = 5_000;
/** As many of its last words tell why it failed. */
const LAST_WORDS = 5;

export interface OneShotOptions {
  /** Path of the Litestream program. */
  readonly program: string;
  /** The child's whole environment; see `childEnvironment`. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder for its configuration and what it writes. */
  readonly stateDir: string;
  readonly replicaUrl: string;
  readonly signal: AbortSignal;
  /** Hears every event of its log, in order. */
  onEvent(event: LogEvent): void;
}

/** What {@linkcode runOneShot} is to run. */
export interface OneShotCommand {
  readonly databasePath: string;
  /** Beside the log and where the database and its replica are. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The words before `-config FILE`, and those after it. */
  readonly words: readonly string[];
  readonly rest?: readonly string[];
}

/**
 * Runs a command of Litestream that ends by itself, with a folder of its own, and
 * gives that folder to `use` when it went well. Throws a {@linkcode LitestreamError}
 * when Litestream fails, and ends with an abort. The folder goes in any case.
 */
export async function runOneShot<T>(
  options: OneShotOptions,
  commandIn: (folder: string) => OneShotCommand,
  use: (folder: string) => T,
): Promise<Awaited<T>> {
  const { program, env, stateDir, signal } = options;
  const folder = join(stateDir, PREFIX + crypto.randomUUID());
  await Deno.mkdir(folder, { mode: 0o700 });
  try {
    const configPath = join(folder, "litestream.yml");
    const command = commandIn(folder);
    const { words, rest = [] } = command;
    await Deno.writeTextFile(configPath, configOf(options, command), {
      mode: 0o600,
    });
    const args = [...words, "-config", configPath, ...rest];
    const child = spawnLitestream(program, args, env);
    await untilEnd(child, join(folder, PID), options);
    signal.throwIfAborted();
    return await use(folder);
  } finally {
    // What is left, the next start removes.
    await Deno.remove(folder, { recursive: true }).catch((error) =>
      log.warn("Cannot remove {folder}: {error}", { folder, error })
    );
  }
}

async function untilEnd(
  child: Deno.ChildProcess,
  pidFile: string,
  { signal, onEvent }: OneShotOptions,
): Promise<void> {
  // It does not hear SIGTERM while it waits for a store that hangs.
  using _abort = onAbort(signal, () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has just ended.
    }
  });
  try {
    Deno.writeTextFileSync(pidFile, String(child.pid));
  } catch (error) {
    // Without it, a later manager would not find the process.
    child.kill("SIGKILL");
    await Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
    await child.status;
    throw error;
  }
  const lastWords: string[] = [];
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const line of stream.pipeThrough(new LineSplitter())) {
      const event = parseLogLine(line);
      if (event !== null) onEvent(event);
      if (event?.kind === "error" || event?.kind === "notice") {
        lastWords.push(event.message);
      } else if (!line.startsWith("{") && line !== "") lastWords.push(line);
      if (lastWords.length > LAST_WORDS) lastWords.shift();
    }
  };
  const [status] = await Promise.all([
    child.status,
    read(child.stdout),
    read(child.stderr),
  ]);
  signal.throwIfAborted();
  if (status.success) return;
  const words = lastWords.join("; ");
  // Go's own end, as without memory or threads, has another status.
  if (status.code === 1 && words !== "") throw new LitestreamError(words);
  throw new Error(words || `Litestream ended: ${status.signal ?? status.code}`);
}

/**
 * Ends the processes of `runOneShot` that a manager which was killed left, before
 * their databases are registered: two Litestreams on one database would ruin its
 * backup.
 */
export async function endLeftOverOneShots(stateDir: string): Promise<void> {
  for await (const { name } of Deno.readDir(stateDir)) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(stateDir, name);
    const pid = await readPid(join(folder, PID));
    const isOurs = pid > 0 && (await commandLine(pid))?.includes(folder);
    if (isOurs && !await endProcess(pid, { graceMs: GRACE_MS })) {
      throw new Error(
        `Cannot end Litestream process ${pid} that an earlier manager left: end it, then start again`,
      );
    }
    await Deno.remove(folder, { recursive: true });
  }
}

/** 0 when there is none: the manager was killed before it wrote it. */
async function readPid(file: string): Promise<number> {
  try {
    return Number(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

function onAbort(signal: AbortSignal, then: () => void): Disposable {
  if (signal.aborted) then();
  signal.addEventListener("abort", then);
  return {
    [Symbol.dispose]: () => signal.removeEventListener("abort", then),
  };
}

function configOf(
  { replicaUrl }: OneShotOptions,
  { databasePath, config }: OneShotCommand,
): string {
  return yamlText({
    logging: { type: "json", level: "debug" },
    ...config,
    dbs: [{ path: databasePath, replica: { url: replicaUrl } }],
  });
}
