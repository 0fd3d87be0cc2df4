import type { ComponentChildren } from "preact";
import { unknownOf } from "../costs/cost_json.ts";
import type { CostReport } from "../costs/report.ts";
import { requestsOf } from "../domain/usage.ts";
import { basisOf } from "./ForecastTable.tsx";
import { bytes, counted, dollars, duration, smallDollars } from "./format.ts";
import { StoredSize, Uploaded } from "./Sizes.tsx";

/** The figures that stand out: spent, expected, stored, and what is saved. */
export function CostFacts({ report, locale }: {
  report: CostReport;
  locale: string;
}) {
  const { month, spent, stored, forecast, alone, prices } = report;
  const unknown = unknownOf(report);
  const requests = counted(requestsOf(month.usage), "request", locale);
  const uploaded = <Uploaded usage={month.usage} locale={locale} />;
  const isStoredKnown = Object.values(stored.clients).some((n) => n > 0);
  const size = (
    <StoredSize
      stored={{ ...stored, bytes: isStoredKnown ? stored.bytes : null }}
      locale={locale}
    />
  );
  const missing = unknown > 0 &&
    `, not known of ${counted(unknown, "client", locale)}`;
  const since = `counted for ${duration(month.countedMs)}`;
  if (prices === null || spent === null || forecast === null) {
    return (
      <dl class="figures">
        <Figure name={nameOf(month.month)} figure={uploaded}>
          uploaded, {since}
        </Figure>
        <Figure name="Stored" figure={size}>in the folder{missing}</Figure>
      </dl>
    );
  }
  const [guide] = forecast.estimates;
  const { storage } = forecast;
  return (
    <dl class="figures">
      <Figure
        name={`${nameOf(month.month)} so far`}
        figure={smallDollars(spent.requests + spent.transfer, locale)}
      >
        {requests}, {uploaded} uploaded, {since}
      </Figure>
      <Figure
        name={`Forecast for ${nameOf(month.month)}`}
        figure={forecast.dollars === null
          ? "–"
          : smallDollars(forecast.dollars, locale)}
      >
        {guide === undefined
          ? "known when five minutes were counted"
          : `with storage${
            storage.sureness === "exact" ? "" : " as far as known"
          }, at the pace of ${basisOf(guide)}`}
      </Figure>
      <Figure
        name="Stored"
        figure={isStoredKnown
          ? (
            <>
              {storage.sureness !== "exact" && `${storage.sureness} `}
              {smallDollars(storage.now, locale)}
            </>
          )
          : "–"}
      >
        {isStoredKnown && "a month for "}
        {size}
        {missing}
        {storage.growth !== null && Math.abs(storage.growth) >= 1 && (
          <>
            {", "}
            {storage.growth > 0 ? "growing" : "shrinking"} by{" "}
            {bytes(Math.abs(storage.growth), locale)} until the month’s end
          </>
        )}
      </Figure>
      {alone !== null && (
        <Figure
          name="Litestream alone"
          figure={dollars(alone, locale)}
        >
          a month for requests, with every client idle
        </Figure>
      )}
    </dl>
  );
}

function Figure({ name, figure, children }: {
  name: string;
  figure: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <strong>{figure}</strong>
        <span>{children}</span>
      </dd>
    </div>
  );
}

const NAMES = new Intl.DateTimeFormat("en", {
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});

/** `November 2026` */
export function nameOf(month: string): string {
  return NAMES.format(new Date(`${month}-01T00:00:00Z`));
}
