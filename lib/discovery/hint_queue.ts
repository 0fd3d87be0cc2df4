import type { WatchAnswer } from "./watch_protocol.ts";

/** More hints that wait say no more than a sweep finds. */
const MAX_HINTS = 10_000;
/** What is taken at once, in characters, but always a line: a pipe holds no more. */
const TAKEN = 60_000;

/**
 * What a watch host has to say, as lines, until its manager takes them. Equal
 * hints are one, and too many are replaced by the word that some were lost: a
 * manager that is slow costs neither memory nor truth.
 */
export class HintQueue {
  readonly #hints = new Set<string>();
  /** Answers: one for each request, and a manager asks one thing at a time. */
  readonly #first: string[] = [];
  #overflow = false;

  hint(folder: string, name: string, isFolder: boolean): void {
    this.#hints.add(lineOf([folder, name, isFolder]));
    if (this.#hints.size > MAX_HINTS) this.overflow();
  }

  overflow(): void {
    this.#hints.clear();
    this.#overflow = true;
  }

  /** Something that is not a hint: never lost, and said first. */
  say(answer: WatchAnswer): void {
    this.#first.push(lineOf(answer));
  }

  /** Takes out what is to be said next; empty when there is nothing. */
  take(): string {
    let text = this.#first.splice(0).join("");
    if (this.#overflow) text += lineOf({ overflow: true });
    this.#overflow = false;
    for (const line of this.#hints) {
      if (text !== "" && text.length + line.length > TAKEN) break;
      this.#hints.delete(line);
      text += line;
    }
    return text;
  }
}

function lineOf(answer: WatchAnswer): string {
  return JSON.stringify(answer) + "\n";
}
