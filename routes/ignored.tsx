import { page } from "fresh";
import { EmptyState } from "../lib/ui/EmptyState.tsx";
import { PathList } from "../lib/ui/PathList.tsx";
import { define, running } from "../lib/web/state.ts";

const LISTED = 500;

export const handler = define.handlers({
  GET({ state }) {
    const { manager } = running(state);
    const files = manager.ignored();
    return page({
      files: files.slice(0, LISTED),
      more: Math.max(0, files.length - LISTED),
      watchDirs: manager.config.watchDirs,
    });
  },
});

/** Files in watched folders that are not backed up, and why. */
export default define.page<typeof handler>(({ data }) =>
  data.files.length === 0
    ? (
      <div class="list-page">
        <h1>Ignored files</h1>
        <EmptyState title="Nothing is ignored">
          <p>
            Every database in{" "}
            {data.watchDirs.map((dir) => <code key={dir}>{dir}</code>)}{" "}
            is a client.
          </p>
        </EmptyState>
      </div>
    )
    : (
      <PathList
        title="Ignored files"
        lead="These files look like databases, but are not backed up. A client is a SQLite database whose name is a UUID, ending in .db, .sqlite or .sqlite3."
        items={data.files}
        more={data.more}
        row={({ path, reason }) => ({
          head: <code>{path}</code>,
          body: reason,
        })}
      />
    )
);
