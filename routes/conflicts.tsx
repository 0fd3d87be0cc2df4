import { page } from "fresh";
import type { ClientQuery } from "../lib/feed/client_query.ts";
import { EmptyState } from "../lib/ui/EmptyState.tsx";
import { PathList } from "../lib/ui/PathList.tsx";
import { define, running } from "../lib/web/state.ts";

const QUERY: ClientQuery = {
  text: "",
  filter: "conflict",
  sort: "folder",
  reversed: false,
  offset: 0,
  limit: 500,
  after: null,
};

export const handler = define.handlers({
  GET({ state }) {
    const { clients, total } = running(state).feed.clients(QUERY);
    return page({
      clients: clients.map(({ id, path, duplicates }) => ({
        id,
        path,
        duplicates,
      })),
      more: total - clients.length,
    });
  },
});

/** Ids that more than one file claims, and how to settle it. */
export default define.page<typeof handler>(({ data }) =>
  data.clients.length === 0
    ? (
      <div class="list-page">
        <h1>Conflicts</h1>
        <EmptyState title="No conflicts">
          <p>Every id belongs to one file only.</p>
        </EmptyState>
      </div>
    )
    : (
      <PathList
        title="Conflicts"
        lead="More than one file has the same id, and only one can own its backup. Decide which is the database; move the others out of the watched folders, or give them a UUID of their own. The conflict then ends by itself, nothing in the bucket is lost."
        items={data.clients}
        more={data.more}
        row={({ id, path, duplicates }) => ({
          head: <a href={`/clients/${id}`}>{id}</a>,
          body: (
            <ul class="paths">
              <li>
                <code>{path}</code> <span class="none">was backed up</span>
              </li>
              {duplicates.map((path) => (
                <li key={path}>
                  <code>{path}</code> <span class="none">has the same id</span>
                </li>
              ))}
            </ul>
          ),
        })}
      />
    )
);
