import { page } from "fresh";
import { EmptyState } from "../lib/ui/EmptyState.tsx";
import { counted, localeOf } from "../lib/ui/format.ts";
import { PathList } from "../lib/ui/PathList.tsx";
import { bucketClients } from "../lib/web/bucket_clients.ts";
import { define, running } from "../lib/web/state.ts";

const TITLE = "Only in the bucket";
const MAX_TEXT = 40;

export const handler = define.handlers({
  async GET({ req, url, state }) {
    const { manager } = running(state);
    const text = (url.searchParams.get("q") ?? "").trim().slice(0, MAX_TEXT);
    return page({
      ...await bucketClients(manager, { text, signal: req.signal }),
      text,
      bucket: manager.config.bucket,
      locale: localeOf(req.headers.get("Accept-Language")),
    }, { headers: { "Cache-Control": "no-store" } });
  },
});

/** Clients of which the bucket has a backup and no watched folder a file. */
export default define.page<typeof handler>(({ data }) => {
  const { clients, total, truncated, failure, text, bucket, locale } = data;
  if (failure !== null) {
    return (
      <div class="list-page">
        <h1>{TITLE}</h1>
        <section class="panel bad-panel" aria-label="What went wrong">
          <h2>The bucket cannot be read</h2>
          <p>{failure}</p>
          <p>
            <a href="/bucket">Try again</a>
          </p>
        </section>
      </div>
    );
  }
  if (total === 0) {
    return (
      <div class="list-page">
        <h1>{TITLE}</h1>
        {text === ""
          ? (
            <EmptyState title="Every client of the bucket is known here">
              <p>
                When <code>{bucket}</code>{" "}
                has a backup of a client without a file in a watched folder, as
                after the loss of a disk, it is listed here with the command
                that brings it back.
              </p>
            </EmptyState>
          )
          : (
            <EmptyState title="No such client">
              <p>
                No id contains “{text}”.{" "}
                <a href="/bucket">Show all that are only in the bucket</a>
              </p>
            </EmptyState>
          )}
      </div>
    );
  }
  return (
    <PathList
      title={TITLE}
      lead={`${counted(total, "client", locale)} ${
        total === 1 ? "has" : "have"
      } a backup in ${bucket} and no file in a watched folder. Run a command in the folder where the database belongs: as soon as it is there, it is protected again.`}
      items={clients}
      more={total - clients.length}
      tools={
        <>
          {(text !== "" || total > clients.length) && (
            <form class="search" role="search">
              <label for="q" class="hidden">Search by id</label>
              <input
                id="q"
                name="q"
                type="search"
                placeholder="Search by id"
                autocomplete="off"
                value={text}
              />
              <button type="submit">Search</button>
            </form>
          )}
          {truncated && (
            <p class="none">
              The bucket has more clients than were looked at: some may be
              missing here.
            </p>
          )}
        </>
      }
      row={({ id, command }) => ({
        head: <span class="id">{id}</span>,
        body: <pre class="command-line">{command}</pre>,
      })}
    />
  );
});
