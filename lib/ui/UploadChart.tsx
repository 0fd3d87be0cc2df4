import type { HistoryEntry } from "../view.ts";
import { bytes, counted } from "./format.ts";

const SHOWN = 60;

/** The sizes of a client's last uploads, one bar each, the newest last. */
export function UploadChart({ history, locale }: {
  history: readonly HistoryEntry[];
  locale: string;
}) {
  const sizes = history.flatMap(({ bytes }) => bytes === undefined ? [] : bytes)
    .slice(-SHOWN);
  if (sizes.length < 2) return null;
  const max = Math.max(...sizes);
  const label = `Sizes of the last ${
    counted(sizes.length, "upload", locale)
  }, at most ${bytes(max, locale)}`;
  return (
    <figure class="chart">
      <figcaption>{label}</figcaption>
      <svg
        viewBox={`0 0 ${SHOWN * 4} 40`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        <path d={`M0 39.5H${SHOWN * 4}`} class="axis" />
        <path
          class="bars"
          d={sizes.map((size, at) => {
            const height = Math.max(1.5, size / Math.max(1, max) * 38);
            const x = (SHOWN - sizes.length + at) * 4;
            return `M${x} 40v-${height.toFixed(1)}h3v${height.toFixed(1)}z`;
          }).join("")}
        />
      </svg>
    </figure>
  );
}
