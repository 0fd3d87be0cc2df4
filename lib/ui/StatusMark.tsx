import type { JSX } from "preact";
import type { Status } from "../domain/status.ts";
import { STATUS_WORDS, type Tone } from "./status_words.ts";

const CHECK = "M4.6 8.2l2.3 2.3 4.5-5";

/** Each status has a shape of its own, so colour is never needed to tell. */
const SHAPES: Record<Status, JSX.Element> = {
  protected: (
    <>
      <circle cx="8" cy="8" r="7" fill="currentColor" />
      <path d={CHECK} class="cut" />
    </>
  ),
  syncing: (
    <>
      <circle cx="8" cy="8" r="6" class="line" />
      <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
    </>
  ),
  discovered: <circle cx="8" cy="8" r="6" class="line dotted" />,
  lagging: (
    <>
      <path d="M8 1l7 7-7 7-7-7z" fill="currentColor" />
      <path d="M8 4.8v3.6h2.2" class="cut" />
    </>
  ),
  failing: (
    <>
      <path d="M8 1l7.4 13.6H.6z" fill="currentColor" />
      <path d="M8 5.8v4M8 11.6v1" class="cut" />
    </>
  ),
  blocked: (
    <>
      <path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor" />
      <path d="M4.4 8h7.2" class="cut" />
    </>
  ),
  conflict: (
    <>
      <path d="M1 1h9v9H1z" class="line" />
      <path d="M6 6h9v9H6z" fill="currentColor" />
    </>
  ),
  paused: <path d="M3 2h3.6v12H3zM9.4 2H13v12H9.4z" fill="currentColor" />,
  gone: (
    <>
      <circle cx="8" cy="8" r="6" class="line" />
      <path d="M3.8 12.2l8.4-8.4" class="line" />
    </>
  ),
};

/** A status as word and shape. */
export function StatusMark({ status }: { status: Status }) {
  const { label, tone } = STATUS_WORDS[status];
  return (
    <span class={`status ${tone}`}>
      <svg class="shape" viewBox="0 0 16 16" aria-hidden="true">
        {SHAPES[status]}
      </svg>
      {label}
    </span>
  );
}

const TONE_SHAPES: Record<Tone, Status> = {
  good: "protected",
  busy: "syncing",
  late: "lagging",
  bad: "failing",
  quiet: "discovered",
};

/** The shape of a verdict. */
export function ToneMark({ tone }: { tone: Tone }) {
  return (
    <svg class={`shape ${tone}`} viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[TONE_SHAPES[tone]]}
    </svg>
  );
}
