import type { ManagerView, ReplicaContents } from "../view.ts";
import { clientParam } from "./client_param.ts";

/** How long the bucket may take. */
const BOUND_MS = 30_000;

/**
 * What the replica of the client in an address holds, as `shape` tells it. Ends
 * when the browser leaves, or after 30 s with a TimeoutError.
 */
export async function replicaAnswer<T>(
  manager: ManagerView,
  { req, id }: { req: Request; id: string | undefined },
  shape: (
    client: ReturnType<typeof clientParam>,
    contents: ReplicaContents,
  ) => T,
): Promise<Response> {
  const client = clientParam(manager, id);
  const signal = AbortSignal.any([req.signal, AbortSignal.timeout(BOUND_MS)]);
  const contents = await manager.restorePoints(client.id, { signal });
  return Response.json(shape(client, contents), {
    headers: { "Cache-Control": "no-store" },
  });
}
