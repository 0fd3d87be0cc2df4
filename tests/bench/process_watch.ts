import { type ProcessFacts, processTree, usageOf } from "./processes.ts";

/** Processor time that no look saw by name: processes that ended before one. */
export const UNSEEN = "ended";

/**
 * Looks at a process and its descendants now and then. One that ends leaves its
 * processor time with its parent, which would make the manager look busier than
 * it is: so what each was seen to use is kept under its own name.
 */
export class ProcessWatch {
  readonly #root: number;
  readonly #seen = new Map<string, ProcessFacts>();
  /** Highest memory of all of them together, in bytes. */
  peakRssBytes = 0;
  /** The same by name. */
  peakRssBy: Readonly<Record<string, number>> = {};

  constructor(root: number) {
    this.#root = root;
  }

  look(): void {
    const facts = processTree(this.#root);
    for (const process of facts) {
      const key = `${process.pid}@${process.startedAt}`;
      // One that has ended keeps its number, but not its command line.
      const name = process.rssBytes === 0
        ? this.#seen.get(key)?.name ?? process.name
        : process.name;
      this.#seen.set(key, { ...process, name });
    }
    const rssBytes = facts.reduce((sum, { rssBytes }) => sum + rssBytes, 0);
    if (rssBytes <= this.peakRssBytes) return;
    this.peakRssBytes = rssBytes;
    const by: Record<string, number> = {};
    for (const { name, rssBytes } of facts) {
      by[name] = (by[name] ?? 0) + rssBytes;
    }
    this.peakRssBy = by;
  }

  /** Processor time since their start, in seconds, by name. */
  cpuSeconds(): Record<string, number> {
    this.look();
    return splitOf([...this.#seen.values()], usageOf(this.#root).cpuSeconds);
  }
}

/** Splits up processor time by name; what is left of `total` is {@linkcode UNSEEN}. */
export function splitOf(
  seen: readonly ProcessFacts[],
  total: number,
): Record<string, number> {
  const split: Record<string, number> = {};
  let named = 0;
  for (const { name, ownSeconds } of seen) {
    split[name] = (split[name] ?? 0) + ownSeconds;
    named += ownSeconds;
  }
  if (total - named >= 0.05) split[UNSEEN] = total - named;
  return split;
}
