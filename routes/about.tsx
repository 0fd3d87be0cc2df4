import { page } from "fresh";
import denoJson from "../deno.json" with { type: "json" };
import type { ComponentChildren } from "preact";
import { type DrillTotals, drillTotals } from "../lib/feed/drill_totals.ts";
import { uptime } from "../lib/feed/status_json.ts";
import {
  bytes,
  count,
  duration,
  exactUtc,
  localeOf,
} from "../lib/ui/format.ts";
import { define, running } from "../lib/web/state.ts";

export const handler = define.handlers({
  GET({ req, state }) {
    const { manager, feed } = running(state);
    return page({
      config: manager.config,
      daemon: manager.daemon.peek(),
      ready: manager.ready.peek(),
      requests: Object.entries(manager.requests),
      uploads: manager.uploads,
      troubles: manager.troubles.peek(),
      readers: feed.readers,
      clients: manager.registry.size,
      drills: drillTotals(manager.registry.clients()),
      startedAt: manager.startedAt,
      memory: Deno.memoryUsage().rss,
      locale: localeOf(req.headers.get("Accept-Language")),
    });
  },
});

/** Versions, configuration and the state of each part. It holds no secrets. */
export default define.page<typeof handler>(({ data }) => {
  const { config, daemon, locale, troubles } = data;
  const { target } = config;
  return (
    <div class="list-page">
      <h1>About</h1>
      <h2>Parts</h2>
      <dl class="card">
        <Fact name="litestream-manager">
          {denoJson.version}, up for {uptime(Date.now() - data.startedAt)}
          {", "}
          {bytes(data.memory, locale)}
        </Fact>
        <Fact name="Deno">{Deno.version.deno}</Fact>
        <Fact name="Litestream">
          {daemon.version ?? "version not known"}, {daemon.state}
          {daemon.daemons > 1 &&
            `, ${count(daemon.daemons, locale)} processes`}
          {daemon.pid !== null && `, process ${daemon.pid}`}
          {daemon.rssBytes !== null && `, ${bytes(daemon.rssBytes, locale)}`}
          {daemon.restarts > 0 &&
            `, restarts: ${count(daemon.restarts, locale)}`}
          {daemon.error !== null && <p class="bad-text">{daemon.error}</p>}
        </Fact>
        <Fact name="Watched folders">
          {data.ready ? "scanned" : "the first scan is not done"},{" "}
          {count(data.clients, locale)} clients
        </Fact>
        <Fact name="Requests since start">
          {data.requests.length === 0
            ? "none"
            : data.requests.map(([method, n]) =>
              `${method} ${count(n, locale)}`
            ).join(", ")}
        </Fact>
        <Fact name="Uploads since start">
          {count(data.uploads.files, locale)} files,{" "}
          {bytes(data.uploads.bytes, locale)}
        </Fact>
        <Fact name="Trial restores">
          {drillWords(data.drills, locale)}
          {data.drills.lastAt !== null &&
            `; the last one: ${exactUtc(data.drills.lastAt)}`}
        </Fact>
        <Fact name="Open event streams">{count(data.readers, locale)}</Fact>
      </dl>
      <h2>Configuration</h2>
      <dl class="card">
        <Fact name="Watched">
          {config.watchDirs.map((dir) => <code key={dir}>{dir}</code>)}
        </Fact>
        <Fact name="Replicas">
          <code>{config.bucket}</code> under <code>{target.prefix || "/"}</code>
        </Fact>
        {target.kind === "s3" && (
          <Fact name="S3 store">
            {target.endpoint ?? "Amazon S3"}, region{" "}
            {target.region ?? "not set"}. Credentials come from the environment
            and are not shown.
          </Fact>
        )}
        <Fact name="Listens on">{config.host}:{config.port}</Fact>
        <Fact name="State">
          <code>{config.stateDir}</code>
        </Fact>
        <Fact name="RPO target">{duration(config.rpoMs)}</Fact>
        <Fact name="Asleep after">{duration(config.idleAfterMs)}</Fact>
        <Fact name="Awake at most">{count(config.maxAwake, locale)}</Fact>
        <Fact name="Trial restores a day, unasked">
          {count(config.drillsPerDay, locale)}
        </Fact>
        <Fact name="Prices of 1,000 requests">
          ${config.prices.put} to write or list, ${config.prices.get} to read
        </Fact>
        <Fact name="Prices of a GB">
          ${config.prices.storage} to keep it for a month,{" "}
          ${config.prices.transfer} to upload it
        </Fact>
        <Fact name="Snapshots kept for">{duration(config.retentionMs)}</Fact>
      </dl>
      {troubles.length > 0 && (
        <>
          <h2>Troubles</h2>
          <ul class="list">
            {troubles.toReversed().map(({ at, subject, message, hint }) => (
              <li key={`${at} ${subject}`}>
                <div class="head">{subject}</div>
                <div class="body">
                  {message} {hint} <span class="none">{exactUtc(at)}</span>
                </div>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
});

/** Of so many clients the last trial restore ended so. */
function drillWords(
  { passed, refuted, damaged, untried }: DrillTotals,
  locale: string,
): string {
  const parts: [number, string][] = [
    [passed, "passed"],
    [refuted, "did not come back"],
    [damaged, "damaged"],
    [untried, "not tried yet"],
  ];
  const told = parts.filter(([n]) => n > 0)
    .map(([n, what]) => `${count(n, locale)} ${what}`);
  return told.join(", ") || "no clients";
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
