import { yamlText } from "./yaml_text.ts";

export interface DaemonConfigOptions {
  /** Path of the control socket. */
  readonly socket: string;
  /** How long snapshots are kept, in ms. */
  readonly retentionMs: number;
}

/**
 * The daemon's configuration: no databases, for those are registered over the
 * control socket, and a log that tells what it does.
 */
export function daemonConfig(
  { socket, retentionMs }: DaemonConfigOptions,
): string {
  return yamlText({
    socket: { enabled: true, path: socket, permissions: 0o600 },
    logging: { type: "json", level: "debug" },
    // Kept short: with S3 out of reach each database in turn would take it.
    "shutdown-sync-timeout": "3s",
    snapshot: { interval: "24h", retention: `${retentionMs}ms` },
    dbs: [],
  });
}
