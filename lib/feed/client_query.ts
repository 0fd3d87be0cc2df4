import type { Client } from "../domain/client.ts";
import type { Filter, Sort } from "../domain/page_query.ts";
import { type Status, STATUSES } from "../domain/status.ts";
import { type Compare, selectRange } from "./select_range.ts";

/** What a page or a script asks of the list of clients. */
export interface ClientQuery {
  /** Part of an id or of a path, in any case. */
  readonly text: string;
  readonly filter: Filter | null;
  readonly sort: Sort;
  /** Turns the order of the sort around. */
  readonly reversed: boolean;
  readonly offset: number;
  readonly limit: number;
  /** Only clients that come after this one; see {@linkcode cursorOf}. */
  readonly after: SortFields | null;
}

/** All that the orders look at. */
export type SortFields = Pick<
  Client,
  | "id"
  | "path"
  | "status"
  | "dirtySince"
  | "sizeBytes"
  | "lastChangedAt"
  | "lastSyncedAt"
>;

export interface Found<T> {
  /** The clients of the asked range, in order. */
  readonly clients: T[];
  /** How many match, in the range or not. */
  readonly total: number;
}

/** The most that can be asked for at once. */
export const MAX_LIMIT = 500;

const RANK = Object.fromEntries(
  STATUSES.map((status, index) => [status, index]),
) as Record<Status, number>;

const newestFirst = (a: number | null, b: number | null) =>
  (b ?? -Infinity) - (a ?? -Infinity) || 0;
const oldestFirst = (a: number | null, b: number | null) =>
  (a ?? Infinity) - (b ?? Infinity) || 0;
const inOrder = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;

const ORDERS: Record<Sort, Compare<SortFields>> = {
  worst: (a, b) =>
    RANK[a.status] - RANK[b.status] ||
    oldestFirst(a.dirtySince, b.dirtySince) ||
    newestFirst(a.lastChangedAt, b.lastChangedAt),
  id: () => 0,
  folder: (a, b) => inOrder(a.path, b.path),
  status: (a, b) => RANK[a.status] - RANK[b.status],
  unsynced: (a, b) => oldestFirst(a.dirtySince, b.dirtySince),
  size: (a, b) => b.sizeBytes - a.sizeBytes,
  changed: (a, b) => newestFirst(a.lastChangedAt, b.lastChangedAt),
  synced: (a, b) => oldestFirst(a.lastSyncedAt, b.lastSyncedAt),
};

/** The order that a query asks for; the id decides between equals. */
export function orderOf(
  { sort, reversed }: Pick<ClientQuery, "sort" | "reversed">,
): Compare<SortFields> {
  const order = ORDERS[sort];
  const sign = reversed ? -1 : 1;
  return (a, b) => sign * (order(a, b) || inOrder(a.id, b.id));
}

/**
 * The clients that a query asks for: one pass over all, and no full sort, so
 * that 100,000 clients take tens of milliseconds.
 */
export function findClients<T extends Client>(
  all: Iterable<T>,
  query: ClientQuery,
): Found<T> {
  const { filter, offset, limit, after } = query;
  const text = query.text.toLowerCase();
  const order = orderOf(query);
  const found: T[] = [];
  let total = 0;
  for (const client of all) {
    if (filter !== null && !passes(client, filter)) continue;
    if (text !== "" && !matches(client, text)) continue;
    total++;
    if (after === null || order(client, after) > 0) found.push(client);
  }
  const range = { start: offset, end: offset + limit };
  return { clients: selectRange(found, range, order), total };
}

function passes({ status, activity }: Client, filter: Filter): boolean {
  if (filter === "asleep") return activity === "asleep";
  if (filter === "awake") return activity !== "asleep";
  return status === filter;
}

function matches({ id, path }: Client, text: string): boolean {
  return id.includes(text) || path.toLowerCase().includes(text);
}
