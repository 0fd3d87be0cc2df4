import type { ClientId } from "../domain/client_id.ts";
import {
  type RestoreOptionsAnswer,
  restoreOptionsJson,
} from "../replica/seed_shapes.ts";
import type { ManagerView } from "../view.ts";
import { messageOf } from "./problem.ts";

/** The browser asks for the others itself. */
const IN_PAGE = 200;

/** The restore points of a client's page, or why there are none. */
export interface PagePoints {
  /** The newest points; null when they are not known within the time. */
  readonly answer: RestoreOptionsAnswer | null;
  readonly failure: string | null;
}

/**
 * Asks the bucket for a page, which waits `boundMs` at most; the browser asks
 * again for what came too late. What goes wrong is told and not thrown.
 */
export async function pagePoints(
  manager: ManagerView,
  id: ClientId,
  { signal, boundMs }: { signal: AbortSignal; boundMs: number },
): Promise<PagePoints> {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(boundMs)]);
  try {
    const contents = await manager.restorePoints(id, { signal: bound });
    const answer = restoreOptionsJson(id, contents, manager.config.target);
    const newest = answer.restoreOptions.slice(0, IN_PAGE);
    return { answer: { ...answer, restoreOptions: newest }, failure: null };
  } catch (error) {
    if (bound.aborted) return { answer: null, failure: null };
    const failure = error instanceof Error ? messageOf(error) : String(error);
    return { answer: null, failure };
  }
}
