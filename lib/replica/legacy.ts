import type { LegacyGeneration } from "../view.ts";
import type { StoredObject } from "./stored_object.ts";

const LEGACY_KEY =
  /^generations\/([0-9a-f]{16})\/(?:snapshots\/([0-9a-f]{8})\.snapshot\.lz4|wal\/[0-9a-f]{8}_[0-9a-f]{8,16}\.wal\.lz4)$/;

/**
 * The generations of the 0.3 layout among a client's objects, oldest first. One
 * without a snapshot cannot be restored and is left out.
 */
export function legacyGenerations(
  objects: readonly StoredObject[],
): LegacyGeneration[] {
  const found = new Map<string, {
    createdAt: number;
    updatedAt: number;
    snapshots: LegacyGeneration["snapshots"][number][];
  }>();
  for (const { key, sizeBytes, storedAt } of objects) {
    const match = LEGACY_KEY.exec(key);
    if (match === null) continue;
    const [, id = "", snapshot] = match;
    let generation = found.get(id);
    if (generation === undefined) {
      generation = { createdAt: storedAt, updatedAt: storedAt, snapshots: [] };
      found.set(id, generation);
    }
    generation.createdAt = Math.min(generation.createdAt, storedAt);
    generation.updatedAt = Math.max(generation.updatedAt, storedAt);
    if (snapshot !== undefined) {
      generation.snapshots.push({
        id: snapshot,
        createdAt: storedAt,
        sizeBytes,
      });
    }
  }
  return [...found]
    .filter(([, { snapshots }]) => snapshots.length > 0)
    .map(([id, { snapshots, ...times }]) => ({
      id,
      ...times,
      snapshots: snapshots.sort((a, b) => a.id < b.id ? -1 : 1),
    }))
    .sort((a, b) => a.createdAt - b.createdAt);
}
