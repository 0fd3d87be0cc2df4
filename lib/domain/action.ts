import type { ClientId } from "./client_id.ts";

/** What can be done to clients from the page and the API. */
export const ACTIONS = ["pause", "resume", "snapshot", "drill"] as const;
export type Action = typeof ACTIONS[number];

/** Something that a person or a script did through the page or the API. */
export interface AuditEntry {
  /** In ms since 1970. */
  readonly at: number;
  readonly action: Action;
  /** The clients that it concerned; only the first few when there are many. */
  readonly ids: readonly ClientId[];
  /** How many clients it concerned. */
  readonly count: number;
  /** The address it came from. */
  readonly from: string;
}

/** Reads the name of an action; null when there is no such one. */
export function parseAction(text: string): Action | null {
  return ACTIONS.find((action) => action === text) ?? null;
}
