import type { Status } from "../domain/status.ts";

/** What a status is called, how grave it is, and what it means to a person. */
export interface StatusWords {
  readonly label: string;
  readonly tone: Tone;
  /** One sentence: what it means, and what to do if there is something to do. */
  readonly meaning: string;
}

/** `good` only for what is proved. */
export type Tone = "good" | "busy" | "late" | "bad" | "quiet";

export const STATUS_WORDS: Readonly<Record<Status, StatusWords>> = {
  protected: {
    label: "Protected",
    tone: "good",
    meaning: "Everything in the database stands in its replica.",
  },
  syncing: {
    label: "Syncing",
    tone: "busy",
    meaning: "Changes are on their way to the replica, within the target.",
  },
  discovered: {
    label: "Discovered",
    tone: "busy",
    meaning: "Queued for its first backup. Nothing to do.",
  },
  lagging: {
    label: "Lagging",
    tone: "late",
    meaning:
      "Changes have waited for longer than the target. Look whether the bucket can be reached, and how much waits before this one.",
  },
  failing: {
    label: "Failing",
    tone: "bad",
    meaning:
      "Litestream cannot back it up, or a trial restore did not bring it back. Do not rely on its backup until this ends.",
  },
  blocked: {
    label: "Blocked",
    tone: "bad",
    meaning:
      "The database cannot be looked at. It is backed up as soon as it can be.",
  },
  conflict: {
    label: "Conflict",
    tone: "bad",
    meaning:
      "More than one file has this id. Move or rename the ones that are not the database.",
  },
  paused: {
    label: "Paused",
    tone: "quiet",
    meaning:
      "A person stopped its protection. Changes are not backed up until it is resumed.",
  },
  gone: {
    label: "Gone",
    tone: "quiet",
    meaning: "Its file was deleted. The backup is kept and can be restored.",
  },
};
