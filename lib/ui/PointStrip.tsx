import type { RestoreOptionJson } from "../replica/seed_shapes.ts";
import { duration } from "./format.ts";

const WIDTH = 1_000;

/** Restore points on a line of time: only where there is one, there is a mark. */
export function PointStrip({ points, chosen, now, onChoose }: {
  /** Oldest first, within the shown time. */
  points: readonly RestoreOptionJson[];
  chosen: RestoreOptionJson;
  now: number;
  onChoose: (point: RestoreOptionJson) => void;
}) {
  const times = points.map(({ timestamp }) => Date.parse(timestamp));
  const from = times[0] ?? now;
  const span = Math.max(1, now - from);
  const x = (time: number) =>
    Math.round((time - from) / span * WIDTH * 10) / 10;
  const marks = (type: (point: RestoreOptionJson) => boolean, height: number) =>
    points.flatMap((point, index) =>
      type(point) ? [`M${x(times[index]!)} 48v-${height}`] : []
    ).join("");
  const choose = (event: MouseEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const time = from + (event.clientX - box.left) / box.width * span;
    const nearest = nearestTo(times, time);
    const point = points[nearest];
    if (point !== undefined) onChoose(point);
  };
  return (
    <div class="strip">
      <svg
        viewBox={`-4 0 ${WIDTH + 8} 50`}
        preserveAspectRatio="none"
        aria-hidden="true"
        onClick={choose}
      >
        <path d={`M0 48.5H${WIDTH}`} class="axis" />
        <path d={marks(({ type }) => type === "wal", 18)} class="point" />
        <path d={marks(({ type }) => type !== "wal", 32)} class="point whole" />
        <path
          d={`M${x(Date.parse(chosen.timestamp))} 50V0`}
          class="point chosen"
        />
      </svg>
      <div class="ends">
        <span>{duration(span)} ago</span>
        <span>now</span>
      </div>
    </div>
  );
}

function nearestTo(times: readonly number[], time: number): number {
  let best = 0;
  for (let at = 1; at < times.length; at++) {
    if (Math.abs(times[at]! - time) < Math.abs(times[best]! - time)) best = at;
  }
  return best;
}
