import type { FirstBackupProgress } from "../feed/first_backups.ts";
import { count, duration } from "./format.ts";

/** How far the first backups of a new fleet are. */
export function FirstBackup({ progress, locale }: {
  progress: FirstBackupProgress;
  locale: string;
}) {
  const { total, done, perSecond, secondsLeft } = progress;
  const rate = perSecond > 0
    ? `${
      perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)
    } a second`
    : null;
  const left = secondsLeft === null
    ? null
    : `about ${duration(secondsLeft * 1_000)} left`;
  return (
    <section class="first-backup" aria-label="First backup">
      <label for="first-backup">
        First backup: {count(done, locale)} of {count(total, locale)}
      </label>
      <progress id="first-backup" max={total} value={done} />
      <span class="none">
        {[rate, left].filter((part) => part !== null).join(", ")}
      </span>
    </section>
  );
}
