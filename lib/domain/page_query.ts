import { type Status, STATUSES } from "./status.ts";

/** What the front page shows of the clients; stands in its address. */
export interface PageQuery {
  /** Part of an id or of a path, in any case. */
  readonly text: string;
  readonly filter: Filter | null;
  readonly sort: Sort;
  /** Turns the order of the sort around. */
  readonly reversed: boolean;
  /** The first page is 1. */
  readonly page: number;
}

export const FILTERS = [...STATUSES, "awake", "asleep"] as const;
export type Filter = Status | "awake" | "asleep";

/** Each in its natural order: what needs a person's eyes comes first. */
export const SORTS = [
  "worst",
  "id",
  "folder",
  "status",
  "unsynced",
  "size",
  "changed",
  "synced",
] as const;
export type Sort = typeof SORTS[number];

/** Rows on a page of the table. */
export const PAGE_SIZE = 50;

const TEXT_LENGTH = 200;

/**
 * Reads `q`, `status`, `sort` and `page` of the front page's address. A person
 * may have typed it, so what is not understood is left out.
 */
export function readPageQuery(params: URLSearchParams): PageQuery {
  const status = params.get("status") ?? "";
  const sort = params.get("sort") ?? "";
  const page = Number(params.get("page") ?? 1);
  const column = sort.replace(/^-/, "");
  const known = isOneOf(SORTS, column);
  return {
    text: (params.get("q") ?? "").trim().slice(0, TEXT_LENGTH),
    filter: isOneOf(FILTERS, status) ? status : null,
    sort: known ? column : "worst",
    reversed: known && sort.startsWith("-"),
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
  };
}

/** The address parameters of a page, without those that say the usual. */
export function pageParams(query: PageQuery): URLSearchParams {
  const params = new URLSearchParams();
  if (query.text !== "") params.set("q", query.text);
  if (query.filter !== null) params.set("status", query.filter);
  const sort = (query.reversed ? "-" : "") + query.sort;
  if (sort !== "worst") params.set("sort", sort);
  if (query.page > 1) params.set("page", String(query.page));
  return params;
}

/** The address of a page. */
export function pageHref(query: PageQuery): string {
  const params = pageParams(query);
  return params.size === 0 ? "/" : `/?${params}`;
}

/** Whether a text is one of those that we know. */
export function isOneOf<T extends string>(
  known: readonly T[],
  value: unknown,
): value is T {
  return (known as readonly unknown[]).includes(value);
}
