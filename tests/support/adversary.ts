import { setTimeout as delay } from "node:timers/promises";
import { AppDatabase, checkpointModes, contentDigest } from "./app_database.ts";
import type { Dice } from "./random.ts";

/**
 * An application that does to its database whatever makes replication go wrong:
 * writes, checkpoints in every mode, closes, opens and vacuums, in storms and
 * with rests between them in which its client falls asleep.
 */
export class Adversary implements Disposable {
  #app: AppDatabase | null;
  readonly #dice: Dice;

  constructor(readonly path: string, dice: Dice) {
    this.#dice = dice;
    this.#app = this.#open();
    for (let burst = dice.between(1, 4); burst > 0; burst--) {
      this.#app.insert(dice.between(1, 30), 200);
    }
  }

  /** Does harm until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const dice = this.#dice;
    while (!signal.aborted) {
      for (let step = dice.between(1, 6); step > 0 && !signal.aborted; step--) {
        this.#act();
        if (dice.chance(0.3)) await delay(dice.between(1, 400));
      }
      await delay(dice.between(50, 2_500), undefined, { signal })
        .catch(() => {});
    }
  }

  /** The digest of what is in the database. */
  digest(): string {
    return this.#app?.digest() ?? contentDigest(this.path);
  }

  [Symbol.dispose](): void {
    this.#app?.close();
  }

  #act(): void {
    const dice = this.#dice;
    if (this.#app === null) {
      this.#app = this.#open();
      return;
    }
    const app = this.#app;
    try {
      const roll = dice.random();
      if (roll < 0.45) app.insert(dice.between(1, 5), dice.between(10, 600));
      else if (roll < 0.55) app.update(dice.between(2, 20));
      else if (roll < 0.6) app.delete(dice.between(5, 20));
      else if (roll < 0.92) this.#restartWal(app);
      else if (roll < 0.97) {
        app.close();
        this.#app = null;
      } else app.vacuum();
    } catch (error) {
      // The daemon or the guard holds a lock: an application would try again.
      if (!/locked|busy/.test((error as Error).message)) throw error;
    }
  }

  /**
   * The pattern that fools a comparison of the last frame alone: new frames, a
   * checkpoint, and a WAL begun anew that does not reach as far.
   */
  #restartWal(app: AppDatabase): void {
    const dice = this.#dice;
    if (dice.chance(0.7)) app.insert(dice.between(1, 3), 300);
    app.checkpoint(dice.pick(checkpointModes));
    if (dice.chance(0.7)) app.insert(1, dice.between(10, 300));
  }

  #open(): AppDatabase {
    return AppDatabase.open(this.path, {
      autoCheckpoint: this.#dice.pick([0, 0, 10, 1000]),
    });
  }
}
