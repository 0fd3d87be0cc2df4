import { computed, type ReadonlySignal } from "@preact/signals";
import { IS_BROWSER } from "fresh/runtime";
import { useMemo } from "preact/hooks";
import { ago, duration, exactUtc } from "./format.ts";

interface TimeProps {
  /** In ms since 1970. */
  at: number;
  /** The manager's clock. */
  now: ReadonlySignal<number>;
  locale: string;
}

/** How long ago something was, with the exact time on hover. */
export function Ago({ at, now, locale }: TimeProps) {
  const text = useMemo(() => computed(() => ago(now.value - at)), [at, now]);
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at, locale)}>
      {text}
    </time>
  );
}

/** For how long something lasts, with its start on hover. */
export function Since({ at, now, locale }: TimeProps) {
  const text = useMemo(() => computed(() => duration(now.value - at)), [
    at,
    now,
  ]);
  return (
    <time
      dateTime={new Date(at).toISOString()}
      title={`Since ${exact(at, locale)}`}
    >
      {text}
    </time>
  );
}

/** The exact time where the reader is, or in UTC while that is not known. */
export function exact(at: number, locale: string): string {
  return IS_BROWSER ? formatter(locale).format(at) : exactUtc(at);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making one takes longer than all else of a row: they are kept. */
function formatter(locale: string): Intl.DateTimeFormat {
  let found = formatters.get(locale);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(locale, {
      dateStyle: "medium",
      timeStyle: "long",
    });
    formatters.set(locale, found);
  }
  return found;
}
