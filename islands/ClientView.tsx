import { useEffect, useMemo } from "preact/hooks";
import { ClientActions } from "../lib/ui/ClientActions.tsx";
import { ClientFacts, Duplicates } from "../lib/ui/ClientFacts.tsx";
import { ConnectionNote } from "../lib/ui/ConnectionNote.tsx";
import { type ClientPage, LiveClient } from "../lib/ui/live_client.ts";
import { STATUS_WORDS } from "../lib/ui/status_words.ts";
import { StatusMark } from "../lib/ui/StatusMark.tsx";
import { TickBar } from "../lib/ui/TickBar.tsx";
import { Ago } from "../lib/ui/Time.tsx";
import { Timeline } from "../lib/ui/Timeline.tsx";
import { SizeChart, UploadChart } from "../lib/ui/UploadChart.tsx";

/** A client: what it is, how it stands, what happened to it. */
export default function ClientView({ page }: { page: ClientPage }) {
  const live = useMemo(() => new LiveClient(page), []);
  useEffect(() => live.run(), []);
  const client = live.client.value;
  const { locale } = page;
  const {
    clientId,
    status,
    error,
    hint,
    errorAt,
    blocked,
    duplicates,
    databasePath,
    drill,
  } = client;
  return (
    <div class="client-page">
      <ConnectionNote state={live.connection.state.value} />
      <div class="title">
        <h1>
          <span class="hidden">Client</span> {clientId}
        </h1>
        <ClientActions live={live} />
      </div>
      <p class="standing">
        <StatusMark status={status} />{" "}
        <span>{STATUS_WORDS[status].meaning}</span>
      </p>
      {error !== null && (
        <section class="panel bad-panel" aria-label="Last error">
          <h2>What Litestream says</h2>
          <pre>{error}</pre>
          {hint !== null && <p>{hint}</p>}
          {errorAt !== null && (
            <p class="none">
              <Ago
                at={Date.parse(errorAt)}
                now={live.clock.now}
                locale={locale}
              />
            </p>
          )}
        </section>
      )}
      {drill !== null && drill.problem !== null && (
        <section class="panel bad-panel" aria-label="Trial restore">
          <h2>What a trial restore found</h2>
          <pre>{drill.problem}</pre>
          <p>{drill.hint}</p>
        </section>
      )}
      {blocked !== null && status === "blocked" && (
        <section class="panel bad-panel" aria-label="Why it is blocked">
          <h2>Why it waits</h2>
          <p>{blocked}</p>
        </section>
      )}
      {duplicates.length > 0 && (
        <Duplicates paths={[databasePath, ...duplicates]} />
      )}
      <ClientFacts
        live={live}
        replicaUrl={page.replicaUrl}
        cost={page.cost}
        locale={locale}
      />
      <section class="panel" aria-labelledby="hour">
        <h2 id="hour">Last hour</h2>
        <TickBar ticks={live.ticks.value} wide />
        <UploadChart history={live.history.value} locale={locale} />
        <SizeChart history={live.history.value} locale={locale} />
      </section>
      <section class="panel" aria-labelledby="happened">
        <h2 id="happened">What happened</h2>
        <Timeline
          history={live.history.value}
          now={live.clock.now}
          locale={locale}
        />
      </section>
    </div>
  );
}
