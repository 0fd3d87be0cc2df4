import {
  FILTERS,
  isOneOf,
  PAGE_SIZE,
  type PageQuery,
  readPageQuery,
  SORTS,
} from "../domain/page_query.ts";
import {
  type ClientQuery,
  MAX_LIMIT,
  type SortFields,
} from "./client_query.ts";

/** A parameter of an address that says nothing we know. */
export class ParamError extends Error {
  override readonly name = "ParamError";
}

/** The clients that a page shows. */
export function clientQueryOf({ page, ...query }: PageQuery): ClientQuery {
  return {
    ...query,
    offset: (page - 1) * PAGE_SIZE,
    limit: PAGE_SIZE,
    after: null,
  };
}

/**
 * Reads `q`, `status`, `sort`, `limit` and `cursor` of `GET /api/clients`. A
 * script wrote it, so what is not understood throws a {@linkcode ParamError}.
 */
export function readApiQuery(params: URLSearchParams): ClientQuery {
  const { text, filter, sort, reversed } = readPageQuery(params);
  const status = params.get("status");
  if (status && filter === null) {
    throw new ParamError(
      `Unknown status "${status}": use one of ${FILTERS.join(", ")}`,
    );
  }
  const asked = params.get("sort")?.replace(/^-/, "");
  if (asked && asked !== sort) {
    throw new ParamError(
      `Unknown sort "${asked}": use one of ${SORTS.join(", ")}`,
    );
  }
  const limit = params.get("limit") ?? String(PAGE_SIZE);
  if (!/^[1-9]\d{0,3}$/.test(limit) || Number(limit) > MAX_LIMIT) {
    throw new ParamError(
      `Unusable limit "${limit}": use a number from 1 to ${MAX_LIMIT}`,
    );
  }
  const cursor = params.get("cursor");
  return {
    text,
    filter,
    sort,
    reversed,
    offset: 0,
    limit: Number(limit),
    after: cursor ? readCursor(cursor) : null,
  };
}

/** What to send as `cursor` for the clients after this one. */
export function cursorOf(client: SortFields): string {
  const { id, path, status, dirtySince } = client;
  const { sizeBytes, lastChangedAt, lastSyncedAt } = client;
  return new TextEncoder().encode(JSON.stringify([
    id,
    path,
    status,
    dirtySince,
    sizeBytes,
    lastChangedAt,
    lastSyncedAt,
  ])).toBase64({ alphabet: "base64url", omitPadding: true });
}

function readCursor(cursor: string): SortFields {
  try {
    const text = new TextDecoder().decode(
      Uint8Array.fromBase64(cursor, { alphabet: "base64url" }),
    );
    const [id, path, status, dirtySince, sizeBytes, changed, synced] = JSON
      .parse(text);
    const isTime = (value: unknown) =>
      value === null || typeof value === "number";
    if (
      typeof id === "string" && typeof path === "string" &&
      isOneOf(FILTERS, status) && isTime(dirtySince) &&
      typeof sizeBytes === "number" && isTime(changed) && isTime(synced)
    ) {
      return {
        id,
        path,
        status,
        dirtySince,
        sizeBytes,
        lastChangedAt: changed,
        lastSyncedAt: synced,
      } as SortFields;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) {
      throw error;
    }
  }
  throw new ParamError(
    `Unusable cursor "${
      cursor.slice(0, 40)
    }": send the last answer's nextCursor`,
  );
}
