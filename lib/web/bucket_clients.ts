import type { ClientId } from "../domain/client_id.ts";
import { restoreCommand } from "../restore/command.ts";
import type { ManagerView } from "../view.ts";
import { messageOf } from "./problem.ts";

/** How long the bucket may take. */
const BOUND_MS = 20_000;
const LISTED = 200;

/** What the bucket has beyond the watched folders, or why that is not known. */
export interface BucketClients {
  /** The first few, by id. */
  readonly clients: readonly {
    readonly id: ClientId;
    /** Brings it back, as a file of its name in the folder where it runs. */
    readonly command: string;
  }[];
  /** How many match, listed or not. */
  readonly total: number;
  /** The bucket has more clients than were looked at. */
  readonly truncated: boolean;
  readonly failure: string | null;
}

/**
 * Asks the bucket for clients without a file whose id contains `text`; waits
 * 20 s at most. What goes wrong is told and not thrown.
 */
export async function bucketClients(
  manager: ManagerView,
  { text, signal, boundMs = BOUND_MS }: {
    text: string;
    signal: AbortSignal;
    boundMs?: number;
  },
): Promise<BucketClients> {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(boundMs)]);
  try {
    const { ids, truncated } = await manager.bucketOnly({ signal: bound });
    const matching = ids.filter((id) => id.includes(text.toLowerCase()));
    return {
      clients: matching.slice(0, LISTED).map((id) => ({
        id,
        command: restoreCommand(manager.config.target, id, {
          out: `${id}.db`,
        }),
      })),
      total: matching.length,
      truncated,
      failure: null,
    };
  } catch (error) {
    const failure = bound.aborted
      ? `The bucket did not answer within ${
        boundMs / 1000
      } s. Check that it can be reached, then load this page again`
      : error instanceof Error
      ? messageOf(error)
      : String(error);
    return { clients: [], total: 0, truncated: false, failure };
  }
}
