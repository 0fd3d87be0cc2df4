import type { ComponentChildren } from "preact";

/** Bars of the last 60 minutes, the current one last. */
export function BarChart({ values, label, total, format, children }: {
  values: readonly number[];
  label: string;
  /** What they come to, as text. */
  total: string;
  format: (value: number) => string;
  /** More about it. */
  children?: ComponentChildren;
}) {
  const max = Math.max(1, ...values);
  const peak = values.indexOf(Math.max(...values));
  return (
    <figure class="chart">
      <figcaption>
        <span>{label}</span> <strong>{total}</strong>
      </figcaption>
      <svg
        viewBox={`0 0 ${values.length * 4} 40`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label} in the last hour: ${total}` +
          (max > 1
            ? `, at most ${format(max)} a minute, ${
              values.length - 1 - peak
            } minutes ago`
            : "")}
      >
        <path d="M0 39.5H240" class="axis" />
        <path d={bars(values, max)} class="bars" />
      </svg>
      {children}
    </figure>
  );
}

function bars(values: readonly number[], max: number): string {
  return values.map((value, at) => {
    if (value <= 0) return "";
    const height = Math.max(1.5, value / max * 38).toFixed(1);
    return `M${at * 4} 40v-${height}h3v${height}z`;
  }).join("");
}
