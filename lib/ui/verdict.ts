import type { ClientId } from "../domain/client_id.ts";
import type { Status } from "../domain/status.ts";
import type { Totals } from "../feed/totals.ts";
import { count, counted, duration } from "./format.ts";
import { STATUS_WORDS, type Tone } from "./status_words.ts";

/** The one line that says how things stand. */
export interface Verdict {
  readonly tone: Tone;
  readonly text: string;
  /** More about it, or what to do next. */
  readonly detail: string | null;
  /** The client that it is about. */
  readonly client: ClientId | null;
  /** Where the others like it are listed. */
  readonly filter: Status | null;
}

const TROUBLES = [
  ["failing", "is failing", "are failing", "bad"],
  ["conflict", "has a conflict", "have a conflict", "bad"],
  ["blocked", "is blocked", "are blocked", "bad"],
  ["lagging", "is lagging", "are lagging", "late"],
] as const;

/** Judges the totals; good only when everything is proved; `now` in ms. */
export function verdictOf(
  totals: Totals,
  { now, locale, target }: { now: number; locale: string; target: string },
): Verdict {
  const { counts, daemon, troubles, worst } = totals;
  const quiet = { detail: null, client: null, filter: null };
  const present = totals.clients - counts.gone;
  const clients = (n: number) => counted(n, "client", locale);
  const part = (n: number, what: string) =>
    n === 0 ? "" : `, ${count(n, locale)} ${what}`;

  if (!totals.ready && daemon.error === null && troubles.length === 0) {
    return {
      ...quiet,
      tone: "busy",
      text: present === 0
        ? "Looking through the watched folders"
        : `Starting, ${clients(present)} found so far`,
    };
  }
  if (daemon.state !== "running" && daemon.error !== null) {
    return {
      ...quiet,
      tone: "bad",
      text: `Litestream is ${
        daemon.state === "stopped" ? "stopped" : "not running"
      }`,
      detail: daemon.error,
    };
  }
  const trouble = troubles.at(-1);
  if (trouble !== undefined) {
    return {
      ...quiet,
      tone: "bad",
      text: trouble.message,
      detail: trouble.hint,
    };
  }
  for (const [status, one, many, tone] of TROUBLES) {
    const n = counts[status];
    if (n === 0) continue;
    const own = worst?.status === status ? worst : null;
    return {
      tone,
      text: `${clients(n)} of ${clients(present)} ${n === 1 ? one : many}`
        .replace(/ clients? of/, " of"),
      detail: own?.note ??
        (status === "lagging"
          ? waiting(totals, now)
          : STATUS_WORDS[status].meaning),
      client: own?.id ?? null,
      filter: status,
    };
  }
  if (present === 0) {
    return {
      ...quiet,
      tone: "quiet",
      text: "No databases yet",
      detail:
        `A client appears here as soon as ${target} holds a database that is named after a UUID`,
    };
  }
  const waits = counts.syncing + counts.discovered;
  const paused = part(counts.paused, "paused");
  if (waits > 0) {
    const first = counts.discovered > 0 && counts.protected === 0;
    return {
      ...quiet,
      tone: "busy",
      text: first
        ? `First backup of ${clients(waits)}`
        : clients(counts.protected) + " protected" +
          part(counts.syncing, "syncing") +
          part(counts.discovered, "queued for the first backup") + paused,
      detail: waiting(totals, now),
    };
  }
  if (counts.protected === 0) {
    return { ...quiet, tone: "quiet", text: `Nothing is protected${paused}` };
  }
  return {
    ...quiet,
    tone: daemon.state === "running" ? "good" : "busy",
    text: `${clients(counts.protected)} protected${paused}, ` +
      `oldest unsynced ${duration(unsyncedFor(totals, now))}`,
    detail: daemon.state === "running" ? null : `Litestream is ${daemon.state}`,
  };
}

function waiting(totals: Totals, now: number): string | null {
  const ms = unsyncedFor(totals, now);
  return ms === 0 ? null : `The oldest change waits for ${duration(ms)}`;
}

function unsyncedFor({ oldestUnsyncedSince }: Totals, now: number): number {
  return oldestUnsyncedSince === null
    ? 0
    : Math.max(0, now - oldestUnsyncedSince);
}

/** The page's title, in which trouble stands first. */
export function titleOf({ tone, text }: Verdict): string {
  return tone === "bad" || tone === "late"
    ? `(!) ${text}`
    : `${text} · Litestream manager`;
}

/** The icon that goes with it. */
export function iconOf({ tone }: Verdict): string {
  if (tone === "bad") return "/icon-trouble.svg";
  return tone === "late" ? "/icon-late.svg" : "/icon.svg";
}
