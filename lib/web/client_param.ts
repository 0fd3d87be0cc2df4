import { HttpError } from "fresh";
import type { Client } from "../domain/client.ts";
import { parseClientId } from "../domain/client_id.ts";
import type { ManagerView } from "../view.ts";

/** The client that an address names, its id in any case; 404 when unknown. */
export function clientParam(
  { registry }: ManagerView,
  text: string | undefined,
): Client {
  const id = parseClientId(text ?? "");
  const client = id === null ? undefined : registry.get(id);
  if (client !== undefined) return client;
  throw new HttpError(
    404,
    id === null
      ? `"${text}" is no client id: an id is a UUID, as in the database's file name`
      : `No client "${id}" is known: no file of that name was found in a watched folder`,
  );
}
