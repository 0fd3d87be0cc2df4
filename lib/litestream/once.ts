import { type OneShotOptions, runOneShot } from "./one_shot.ts";

export interface OnceOptions extends OneShotOptions {
  readonly databasePath: string;
  readonly retentionMs: number;
}

/**
 * Syncs a database that is not registered, writes a snapshot of it and removes
 * what its retention no longer asks for. Its log says whether the sync can be
 * trusted: the guard applies to it as to any registration. Throws when
 * Litestream fails; an abort ends it. The mark of its client outlives a kill.
 */
export async function replicateOnce(options: OnceOptions): Promise<void> {
  const { databasePath, retentionMs } = options;
  await runOneShot(options, () => ({
    databasePath,
    config: {
      "shutdown-sync-timeout": "3s",
      snapshot: { interval: "24h", retention: `${retentionMs}ms` },
    },
    words: [
      "replicate",
      "-no-expand-env",
      "-once",
      "-force-snapshot",
      "-enforce-retention",
    ],
  }), () => {});
}
