import { pageHref } from "../domain/page_query.ts";
import { ToneMark } from "./StatusMark.tsx";
import type { Verdict } from "./verdict.ts";

/** The one line that says how things stand, and what to look at. */
export function VerdictLine({ verdict }: { verdict: Verdict }) {
  const { tone, text, detail, client, filter } = verdict;
  return (
    <section class={`verdict ${tone}`} aria-label="How things stand">
      <h1>
        <ToneMark tone={tone} />
        <span>{text}</span>
      </h1>
      {detail !== null && <p class="detail">{detail}</p>}
      {(client !== null || filter !== null) && (
        <p class="ways">
          {client !== null && (
            <a href={`/clients/${client}`}>Look at {client.slice(0, 8)}…</a>
          )}
          {filter !== null && (
            <a
              href={pageHref({
                text: "",
                filter,
                sort: "worst",
                reversed: false,
                page: 1,
              })}
            >
              Show all of them
            </a>
          )}
        </p>
      )}
    </section>
  );
}
