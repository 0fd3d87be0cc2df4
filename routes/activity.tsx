import { page } from "fresh";
import type { Action } from "../lib/domain/action.ts";
import { EmptyState } from "../lib/ui/EmptyState.tsx";
import { count, counted, exactUtc, localeOf } from "../lib/ui/format.ts";
import { PathList } from "../lib/ui/PathList.tsx";
import { define, running } from "../lib/web/state.ts";

const LISTED = 200;

const WORDS: Record<Action, string> = {
  pause: "Paused",
  resume: "Resumed",
  snapshot: "Asked for a snapshot of",
  drill: "Asked for a trial restore of",
};

export const handler = define.handlers({
  GET({ req, state }) {
    const { entries } = running(state).manager.audit;
    return page({
      entries: entries.slice(0, LISTED),
      more: Math.max(0, entries.length - LISTED),
      locale: localeOf(req.headers.get("Accept-Language")),
    });
  },
});

/** Who did what, over restarts. */
export default define.page<typeof handler>(({ data }) =>
  data.entries.length === 0
    ? (
      <div class="list-page">
        <h1>Activity</h1>
        <EmptyState title="Nobody has done anything">
          <p>
            When somebody pauses or resumes a client, or asks for a snapshot or
            a trial restore, it is noted here, with the address it came from.
          </p>
        </EmptyState>
      </div>
    )
    : (
      <PathList
        title="Activity"
        lead="What was done through this page and its API, the newest first. The last 1,000 actions are kept, over restarts too."
        items={data.entries}
        more={data.more}
        row={({ at, action, ids, count: n, from }) => ({
          head: (
            <>
              {WORDS[action]} {counted(n, "client", data.locale)}
            </>
          ),
          body: (
            <>
              <time dateTime={new Date(at).toISOString()}>{exactUtc(at)}</time>
              {" from "}
              <code>{from}</code>
              <ul class="paths">
                {ids.map((id) => (
                  <li key={id}>
                    <a href={`/clients/${id}`}>{id}</a>
                  </li>
                ))}
                {n > ids.length && (
                  <li>and {count(n - ids.length, data.locale)} more</li>
                )}
              </ul>
            </>
          ),
        })}
      />
    )
);
