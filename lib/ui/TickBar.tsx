const WORDS = ["", "changed", "uploaded", "late", "in trouble"] as const;
const HEIGHTS = [3, 6, 10, 13, 16] as const;

/** The last 60 minutes of a client: a tick per minute, taller is graver. */
export function TickBar({ ticks, wide = false }: {
  /** 60 digits, see `TickBars`; empty when nothing happened. */
  ticks: string;
  wide?: boolean;
}) {
  const label = summary(ticks);
  return (
    <svg
      class={wide ? "ticks wide" : "ticks"}
      viewBox="0 0 120 16"
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <path d="M0 14.5h120v1.5h-120z" class="tick-0" />
      {["1", "2", "3", "4"].map((kind) =>
        ticks.includes(kind)
          ? <path key={kind} d={path(ticks, kind)} class={`tick-${kind}`} />
          : null
      )}
    </svg>
  );
}

/** One path for all ticks of a kind, so that a row costs few nodes. */
function path(ticks: string, kind: string): string {
  let d = "";
  for (let at = 0; at < ticks.length; at++) {
    if (ticks[at] !== kind) continue;
    const height = HEIGHTS[Number(kind)] ?? 3;
    d += `M${at * 2} 16v-${height}h1.4v${height}z`;
  }
  return d;
}

function summary(ticks: string): string {
  const parts = [2, 1, 3, 4].flatMap((kind) => {
    const minutes = ticks.split(String(kind)).length - 1;
    return minutes === 0 ? [] : [
      `${WORDS[kind]} in ${minutes === 1 ? "1 minute" : `${minutes} minutes`}`,
    ];
  });
  return parts.length === 0
    ? "Nothing happened in the last hour"
    : `Last hour: ${parts.join(", ")}`;
}
