import type { ComponentChildren } from "preact";
import type { ClientCost } from "../costs/report.ts";
import type { DrillResult } from "../domain/drill.ts";
import { requestsOf } from "../domain/usage.ts";
import type { ClientJson } from "../feed/status_json.ts";
import { bytes, counted, folderOf, smallDollars } from "./format.ts";
import type { LiveClient } from "./live_client.ts";
import { StoredSize, Uploaded } from "./Sizes.tsx";
import { Ago, Since } from "./Time.tsx";

const DRILL_WORDS: Record<DrillResult, string> = {
  passed: "Whole, and equal to the database",
  refuted: "In vain",
  damaged: "Equal to the database, which is damaged",
};

/** What a client is, and where its copies are. */
export function ClientFacts({ live, replicaUrl, cost, locale }: {
  live: LiveClient;
  replicaUrl: string;
  cost: ClientCost;
  locale: string;
}) {
  const client = live.client.value;
  const { drill } = client;
  const { now } = live.clock;
  const when = (text: string | null, otherwise: string) =>
    text === null
      ? <span class="none">{otherwise}</span>
      : <Ago at={Date.parse(text)} now={now} locale={locale} />;
  return (
    <dl class="card">
      <Fact name="Database">
        <span class="path">{client.databasePath}</span>
      </Fact>
      <Fact name="Replica">
        <span class="path">{replicaUrl}</span>
      </Fact>
      <Fact name="Size">{bytes(client.sizeBytes, locale)}</Fact>
      <Fact name="Unsynced for">
        {client.unsyncedForMs === 0 || client.status === "gone" ? "0 s" : (
          <Since
            at={unsyncedSince(live)}
            now={now}
            locale={locale}
          />
        )}
      </Fact>
      <Fact name="Last change">
        {when(client.lastChangedAt, "not seen yet")}
      </Fact>
      <Fact name="Last upload">{when(client.lastSyncedAt, "never")}</Fact>
      <Fact name="Trial restore">
        {drill === null ? <span class="none">not tried yet</span> : (
          <>
            {DRILL_WORDS[drill.result]}, {when(drill.at, "")}
          </>
        )}
      </Fact>
      <Fact name="Created">
        {when(client.createdAt, "the file system does not say")}
      </Fact>
      <Fact name="Activity">
        {activityOf(client)}
      </Fact>
      <Fact name="Transaction">
        <code>{shortTxid(client.txid)}</code> here,{" "}
        <code>{shortTxid(client.replicatedTxid)}</code> in the replica
      </Fact>
      <Fact name="This month">
        {cost.dollars !== null &&
          `${counted(requestsOf(cost.usage), "request", locale)}, `}
        <Uploaded usage={cost.usage} locale={locale} /> uploaded
        {cost.dollars !== null && (
          <>
            {": "}
            {smallDollars(
              cost.dollars.requests + cost.dollars.transfer,
              locale,
            )}
          </>
        )}
      </Fact>
      <Fact name="Stored">
        <StoredSize stored={cost.stored} locale={locale} />
        {cost.dollars !== null && cost.stored.bytes !== null && (
          <>: {smallDollars(cost.dollars.storage, locale)} a month</>
        )}
        {cost.stored.listedAt !== null && (
          <span class="none">
            {", looked at "}
            <Ago at={cost.stored.listedAt} now={now} locale={locale} />
          </span>
        )}
      </Fact>
    </dl>
  );
}

/** The files that claim the same id. */
export function Duplicates({ paths }: { paths: readonly string[] }) {
  const [first, ...others] = paths;
  return (
    <section class="panel bad-panel" aria-label="Conflict">
      <h2>{paths.length} files claim this id</h2>
      <ul class="paths">
        <li>
          <code>{first}</code> is the one that was backed up
        </li>
        {others.map((path) => (
          <li key={path}>
            <code>{path}</code>
          </li>
        ))}
      </ul>
      <p>
        Decide which one is the database. Move the others out of{" "}
        <code>{folderOf(others[0] ?? "")}</code>{" "}
        or give them a UUID of their own; the conflict ends by itself.
      </p>
    </section>
  );
}

function activityOf({ awake, status }: ClientJson): string {
  if (awake) return "Awake: Litestream watches it";
  switch (status) {
    case "protected":
    case "conflict":
      return "Asleep: it costs nothing until it changes";
    case "paused":
      return "Asleep until it is resumed";
    case "gone":
      return "Asleep: there is no file to watch";
    default:
      return "Asleep until its next try";
  }
}

function Fact({ name, children }: {
  name: string;
  children: ComponentChildren;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The wait was measured by the manager's clock when it was told. */
function unsyncedSince({ client, clock }: LiveClient): number {
  const { unsyncedForMs, lastChangedAt } = client.value;
  const known = lastChangedAt === null ? Infinity : Date.parse(lastChangedAt);
  return Math.min(known, clock.now.peek() - unsyncedForMs);
}

/** Without the zeros in front, of which there are always many. */
function shortTxid(txid: string | null): string {
  return txid === null ? "none" : txid.replace(/^0{1,15}/, "");
}
