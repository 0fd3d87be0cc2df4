import type { ClientCost } from "../costs/report.ts";
import { requestsOf } from "../domain/usage.ts";
import { count, smallDollars } from "./format.ts";
import { StoredSize, Uploaded } from "./Sizes.tsx";

/** The clients that cost most, dearest first. */
export function DearestClients({ costs, known, locale }: {
  costs: readonly ClientCost[];
  /** Ids of those that have a page. */
  known: ReadonlySet<string>;
  locale: string;
}) {
  if (costs.length === 0) {
    return <p class="none">Nothing was counted of any client yet.</p>;
  }
  const isCharged = costs.some(({ dollars }) => dollars !== null);
  return (
    <div class="table scrolls">
      <table class="costs">
        <caption class="hidden">
          {isCharged ? "The dearest clients" : "The largest clients"}
        </caption>
        <thead>
          <tr>
            <th scope="col">Client</th>
            {isCharged && <th scope="col" class="number">Requests</th>}
            <th scope="col" class="number">Uploaded</th>
            {isCharged && <th scope="col" class="number">So far</th>}
            <th scope="col" class="number">Stored</th>
            {isCharged && <th scope="col" class="number">A month’s storage</th>}
          </tr>
        </thead>
        <tbody>
          {costs.map(({ id, usage, stored, dollars }) => (
            <tr key={id}>
              <th scope="row" class="id">
                {known.has(id) ? <a href={`/clients/${id}`}>{id}</a> : id}
              </th>
              {dollars !== null && (
                <td class="number">{count(requestsOf(usage), locale)}</td>
              )}
              <td class="number">
                <Uploaded usage={usage} locale={locale} />
              </td>
              {dollars !== null && (
                <td class="number">
                  {smallDollars(dollars.requests + dollars.transfer, locale)}
                </td>
              )}
              <td class="number">
                <StoredSize stored={stored} locale={locale} />
              </td>
              {dollars !== null && (
                <td class="number">
                  {stored.bytes === null
                    ? "–"
                    : smallDollars(dollars.storage, locale)}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
