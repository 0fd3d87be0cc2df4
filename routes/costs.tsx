import { page } from "fresh";
import type { CostReport } from "../lib/costs/report.ts";
import { CostFacts } from "../lib/ui/CostFacts.tsx";
import { DearestClients } from "../lib/ui/DearestClients.tsx";
import { ForecastTable } from "../lib/ui/ForecastTable.tsx";
import { localeOf } from "../lib/ui/format.ts";
import { MonthTable } from "../lib/ui/MonthTable.tsx";
import { costsOf } from "../lib/web/costs.ts";
import { define, running } from "../lib/web/state.ts";

const LISTED = 50;

export const handler = define.handlers({
  GET({ req, state }) {
    const { manager, feed } = running(state);
    const report = costsOf({ manager, feed }, { limit: LISTED });
    const known = report.dearest.map(({ id }) => id)
      .filter((id) => manager.registry.get(id) !== undefined);
    return page({
      report,
      known: new Set<string>(known),
      locale: localeOf(req.headers.get("Accept-Language")),
    }, { headers: { "Cache-Control": "no-store" } });
  },
});

/** What requests, traffic and storage cost, and what that will come to. */
export default define.page<typeof handler>(
  ({ data: { report, known, locale } }) => (
    <div class="list-page">
      <h1>Costs</h1>
      <Lead report={report} />
      <CostFacts report={report} locale={locale} />
      {report.prices !== null && (
        <>
          <h2 id="how">How it comes about</h2>
          <ForecastTable report={report} locale={locale} />
        </>
      )}
      <Notes report={report} />
      <h2>
        {report.prices === null ? "The largest clients" : "The dearest clients"}
      </h2>
      <DearestClients
        costs={report.dearest}
        known={known}
        locale={locale}
      />
      {report.earlier.length > 0 && (
        <>
          <h2>Earlier months</h2>
          <MonthTable
            months={report.earlier}
            prices={report.prices}
            locale={locale}
          />
        </>
      )}
    </div>
  ),
);

function Lead({ report }: { report: CostReport }) {
  return report.prices === null
    ? (
      <p class="lead">
        Backups are kept in a folder, where requests cost nothing and there is
        no bill. What is uploaded and stored is counted all the same.
      </p>
    )
    : (
      <p class="lead">
        Counted from Litestream’s log, request by request, in months as they are
        in UTC, at the prices of the configuration.
      </p>
    );
}

/** What a reader must know to compare it with a bill. */
function Notes({ report: { prices, month } }: { report: CostReport }) {
  return (
    <ul class="notes">
      {month.usage.unsized > 0 && (
        <li>
          Litestream does not tell the size of a daily snapshot. Their bytes are
          missing in what was uploaded, and in what is stored until a client’s
          page is opened, which asks the bucket.
        </li>
      )}
      {prices !== null && (
        <li>
          Not counted: what other programs ask of the bucket, restores by hand,
          and bytes that are downloaded.
        </li>
      )}
    </ul>
  );
}
