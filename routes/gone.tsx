import { page } from "fresh";
import { replicaUrl } from "../lib/domain/replica_target.ts";
import type { ClientQuery } from "../lib/feed/client_query.ts";
import { EmptyState } from "../lib/ui/EmptyState.tsx";
import { exactUtc } from "../lib/ui/format.ts";
import { PathList } from "../lib/ui/PathList.tsx";
import { define, running } from "../lib/web/state.ts";

const QUERY: ClientQuery = {
  text: "",
  filter: "gone",
  sort: "changed",
  reversed: false,
  offset: 0,
  limit: 500,
  after: null,
};

export const handler = define.handlers({
  GET({ state }) {
    const { manager: { config }, feed } = running(state);
    const { clients, total } = feed.clients(QUERY);
    return page({
      clients: clients.map(({ id, path, lastSyncedAt }) => ({
        id,
        path,
        lastSyncedAt,
        replica: replicaUrl(config.target, id),
      })),
      more: total - clients.length,
    });
  },
});

/** Clients whose file was deleted and whose backup is kept. */
export default define.page<typeof handler>(({ data }) =>
  data.clients.length === 0
    ? (
      <div class="list-page">
        <h1>Gone clients</h1>
        <EmptyState title="No client is gone">
          <p>
            When a database is deleted its backup is kept, and it is listed here
            with the way to get it back.
          </p>
        </EmptyState>
      </div>
    )
    : (
      <PathList
        title="Gone clients"
        lead="Their files were deleted. Their backups are kept, and nothing here deletes them: open one for the command that brings it back."
        items={data.clients}
        more={data.more}
        row={({ id, path, lastSyncedAt, replica }) => ({
          head: <a href={`/clients/${id}`}>{id}</a>,
          body: (
            <ul class="paths">
              <li>
                <code>{path}</code> <span class="none">was its file</span>
              </li>
              <li>
                <code>{replica}</code>{" "}
                <span class="none">
                  {lastSyncedAt === null
                    ? "was never known to be complete"
                    : `holds everything up to ${exactUtc(lastSyncedAt)}`}
                </span>
              </li>
            </ul>
          ),
        })}
      />
    )
);
