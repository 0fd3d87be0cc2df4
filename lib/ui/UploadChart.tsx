import type { HistoryEntry } from "../view.ts";
import { bytes, counted } from "./format.ts";

const SHOWN = 60;

interface ChartProps {
  readonly history: readonly HistoryEntry[];
  readonly locale: string;
}

/** The sizes of a client's last uploads, one bar each, the newest last. */
export function UploadChart({ history, locale }: ChartProps) {
  const sizes = lately(history.map(({ bytes }) => bytes));
  if (sizes.length < 2) return null;
  const uploads = counted(sizes.length, "upload", locale);
  const most = bytes(Math.max(...sizes), locale);
  return (
    <Bars
      sizes={sizes}
      label={`Sizes of the last ${uploads}, at most ${most}`}
    />
  );
}

/** How large the database was at its last uploads, the newest last. */
export function SizeChart({ history, locale }: ChartProps) {
  const sizes = lately(history.map(({ databaseBytes }) => databaseBytes));
  const [first] = sizes;
  const last = sizes.at(-1);
  if (first === undefined || last === undefined || sizes.length < 2) {
    return null;
  }
  const [from, to] = [bytes(first, locale), bytes(last, locale)];
  const label = from === to
    ? `Size of the database, ${to}`
    : `Size of the database, from ${from} to ${to}`;
  return <Bars sizes={sizes} label={label} />;
}

function lately(sizes: readonly (number | undefined)[]): number[] {
  return sizes.filter((size) => size !== undefined).slice(-SHOWN);
}

function Bars({ sizes, label }: { sizes: readonly number[]; label: string }) {
  const max = Math.max(1, ...sizes);
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
            const height = Math.max(1.5, size / max * 38);
            const x = (SHOWN - sizes.length + at) * 4;
            return `M${x} 40v-${height.toFixed(1)}h3v${height.toFixed(1)}z`;
          }).join("")}
        />
      </svg>
    </figure>
  );
}
