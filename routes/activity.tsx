import { page } from "fresh";
import { EmptyState } from "../lib/ui/EmptyState.tsx";
import { count, counted, exactUtc, localeOf } from "../lib/ui/format.ts";
import { PathList } from "../lib/ui/PathList.tsx";
import { define, running } from "../lib/web/state.ts";

const LISTED = 200;

export const handler = define.handlers({
  GET({ req, state }) {
    const { manager, feed } = running(state);
    const { entries } = feed.audit;
    return page({
      entries: entries.slice(0, LISTED),
      more: Math.max(0, entries.length - LISTED),
      since: manager.startedAt,
      locale: localeOf(req.headers.get("Accept-Language")),
    });
  },
});

/** Who did what since the manager started. */
export default define.page<typeof handler>(({ data }) =>
  data.entries.length === 0
    ? (
      <div class="list-page">
        <h1>Activity</h1>
        <EmptyState title="Nobody has done anything">
          <p>
            Since {exactUtc(data.since)}{" "}
            nobody paused or resumed a client. When somebody does, it is noted
            here, with the address it came from.
          </p>
        </EmptyState>
      </div>
    )
    : (
      <PathList
        title="Activity"
        lead={`What was done through this page and its API since ${
          exactUtc(data.since)
        }, the newest first.`}
        items={data.entries}
        more={data.more}
        row={({ at, action, ids, count: n, from }) => ({
          head: (
            <>
              {action === "pause" ? "Paused" : "Resumed"}{" "}
              {counted(n, "client", data.locale)}
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
