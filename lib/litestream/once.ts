import { join } from "node:path";
import { LineSplitter } from "../domain/line_splitter.ts";
import { type LogEvent, parseLogLine } from "./log_event.ts";
import { commandLine, endProcess } from "./process.ts";
import { yamlText } from "./yaml_text.ts";

/** How the names of its files in the state folder begin. */
const PREFIX = "housekeeping-";
/** How long one that is told to end may take, in ms. */
const GRACE_MS = 1_000;

export interface OnceOptions {
  /** Path of the Litestream program. */
  readonly program: string;
  /** The child's whole environment; see `childEnvironment`. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder for its configuration. */
  readonly stateDir: string;
  readonly retentionMs: number;
  readonly databasePath: string;
  readonly replicaUrl: string;
  readonly signal: AbortSignal;
  /** Hears every event of its log, in order. */
  onEvent(event: LogEvent): void;
}

/**
 * Syncs a database that is not registered, writes a snapshot of it and removes
 * what its retention no longer asks for. Its log says whether the sync can be
 * trusted: the guard applies to it as to any registration. Throws when
 * Litestream fails; an abort ends it.
 */
export async function replicateOnce(options: OnceOptions): Promise<void> {
  const { program, env, stateDir, signal, onEvent } = options;
  const config = join(stateDir, `${PREFIX}${crypto.randomUUID()}.yml`);
  const pidFile = `${config}.pid`;
  await Deno.writeTextFile(config, configOf(options), { mode: 0o600 });
  try {
    const child = new Deno.Command(program, {
      args: [
        "replicate",
        "-no-expand-env",
        "-once",
        "-force-snapshot",
        "-enforce-retention",
        "-config",
        config,
      ],
      env: { ...env },
      clearEnv: true,
      // Ctrl-C in a terminal is for us alone: the last syncs come first.
      detached: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    // It does not hear SIGTERM while it waits for a store that hangs. The mark
    // of its client outlives a kill.
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
        if (lastWords.length > 5) lastWords.shift();
      }
    };
    using _end = endOnAbort(child, signal);
    const [status] = await Promise.all([
      child.status,
      read(child.stdout),
      read(child.stderr),
    ]);
    signal.throwIfAborted();
    if (!status.success) {
      throw new Error(lastWords.join("; ") || `exit status ${status.code}`);
    }
  } finally {
    for (const file of [config, pidFile]) {
      await Deno.remove(file).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }
}

/**
 * While it asks a store that does not answer, Litestream heeds SIGTERM only
 * after ten attempts, which take minutes.
 */
function endOnAbort(child: Deno.ChildProcess, signal: AbortSignal): Disposable {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const send = (name: Deno.Signal) => {
    try {
      child.kill(name);
    } catch {
      // It has just ended.
    }
  };
  const end = () => {
    send("SIGTERM");
    timer = setTimeout(() => send("SIGKILL"), GRACE_MS);
  };
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  return {
    [Symbol.dispose]() {
      signal.removeEventListener("abort", end);
      clearTimeout(timer);
    },
  };
}

/**
 * Ends the processes of `replicateOnce` that a manager which was killed left,
 * before their databases are registered: two Litestreams on one database would
 * ruin its backup.
 */
export async function endLeftOverOnce(stateDir: string): Promise<void> {
  for await (const { name } of Deno.readDir(stateDir)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(stateDir, name);
    if (name.endsWith(".pid")) {
      const pid = Number(await Deno.readTextFile(path));
      const config = path.slice(0, -".pid".length);
      const isOurs = pid > 0 && (await commandLine(pid))?.includes(config);
      if (isOurs && !await endProcess(pid, { graceMs: 5_000 })) {
        throw new Error(
          `Cannot end Litestream process ${pid} that an earlier manager left: end it, then start again`,
        );
      }
    }
    await Deno.remove(path);
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
  { retentionMs, databasePath, replicaUrl }: OnceOptions,
): string {
  return yamlText({
    logging: { type: "json", level: "debug" },
    "shutdown-sync-timeout": "3s",
    snapshot: { interval: "24h", retention: `${retentionMs}ms` },
    dbs: [{ path: databasePath, replica: { url: replicaUrl } }],
  });
}
