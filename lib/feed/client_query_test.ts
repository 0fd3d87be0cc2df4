import fc from "fast-check";
import assert from "node:assert/strict";
import type { Client } from "../domain/client.ts";
import type { ClientId } from "../domain/client_id.ts";
import { FILTERS, SORTS } from "../domain/page_query.ts";
import { STATUSES } from "../domain/status.ts";
import { type ClientQuery, findClients, orderOf } from "./client_query.ts";
import { cursorOf, ParamError, readApiQuery } from "./query_params.ts";

const ALL: ClientQuery = {
  text: "",
  filter: null,
  sort: "worst",
  reversed: false,
  offset: 0,
  limit: 50,
  after: null,
};

let made = 0;
function client(facts: Partial<Client> = {}): Client {
  const id = `${String(made++).padStart(8, "0")}-0000-4000-a000-000000000000`;
  return {
    id: id as ClientId,
    path: `/data/${id}.db`,
    presence: "present",
    duplicates: [],
    paused: false,
    activity: "asleep",
    createdAt: null,
    sizeBytes: 0,
    lastChangedAt: null,
    lastSyncedAt: null,
    dirtySince: null,
    changeSeq: 0,
    proved: false,
    txid: null,
    replicatedTxid: null,
    fingerprint: null,
    error: null,
    blocked: null,
    drill: null,
    status: "protected",
    ...facts,
  };
}

const time = fc.option(fc.nat(5), { nil: null });
const clients = fc.array(
  fc.record({
    status: fc.constantFrom(...STATUSES),
    activity: fc.constantFrom("asleep" as const, "awake" as const),
    sizeBytes: fc.nat(5),
    dirtySince: time,
    lastChangedAt: time,
    lastSyncedAt: time,
    path: fc.constantFrom("/a/x.db", "/A/y.db", "/b/x.db"),
  }).map(client),
  { maxLength: 40 },
);

Deno.test("the worst stand first, then who waits longest, then who changed last", () => {
  const failing = client({ status: "failing", dirtySince: 9 });
  const late = client({ status: "lagging", dirtySince: 2 });
  const later = client({ status: "lagging", dirtySince: 5 });
  const fresh = client({ lastChangedAt: 8 });
  const old = client({ lastChangedAt: 3 });
  const never = client();
  const found = findClients([never, old, later, fresh, late, failing], ALL);
  assert.deepEqual(found.clients, [failing, late, later, fresh, old, never]);
});

Deno.test("text finds parts of ids and paths in any case; filters are exact", () => {
  const a = client({ path: "/srv/Acme/x.db", activity: "awake" });
  const b = client({ path: "/srv/other/y.db", status: "failing" });
  const find = (query: Partial<ClientQuery>) =>
    findClients([a, b], { ...ALL, ...query }).clients;
  assert.deepEqual(find({ text: "ACME" }), [a]);
  assert.deepEqual(find({ text: b.id.slice(0, 9).toUpperCase() }), [b]);
  assert.deepEqual(find({ text: "%" }), []);
  assert.deepEqual(find({ filter: "failing" }), [b]);
  assert.deepEqual(find({ filter: "awake" }), [a]);
  assert.deepEqual(find({ filter: "asleep" }), [b]);
});

Deno.test("any page of any query is what filtering and sorting all would give", () => {
  fc.assert(fc.property(
    clients,
    fc.constantFrom(...SORTS),
    fc.boolean(),
    fc.option(fc.constantFrom(...FILTERS), { nil: null }),
    fc.nat(30),
    (all, sort, reversed, filter, offset) => {
      const query = { ...ALL, sort, reversed, filter, offset, limit: 7 };
      const matching = all.filter(({ status, activity }) =>
        filter === null || filter === status || filter === activity
      );
      const sorted = matching.toSorted(orderOf(query));
      const { clients, total } = findClients(all, query);
      assert.equal(total, matching.length);
      assert.deepEqual(clients, sorted.slice(offset, offset + 7));
    },
  ));
});

Deno.test("following the cursors gives every client once, in order", () => {
  fc.assert(fc.property(
    clients,
    fc.constantFrom(...SORTS),
    fc.boolean(),
    (all, sort, reversed) => {
      const sign = reversed ? "-" : "";
      const seen: Client[] = [];
      let cursor = "";
      do {
        const query = readApiQuery(
          new URLSearchParams({ sort: sign + sort, limit: "3", cursor }),
        );
        const { clients } = findClients(all, query);
        seen.push(...clients);
        cursor = clients.length < 3 ? "" : cursorOf(clients.at(-1)!);
      } while (cursor !== "");
      assert.deepEqual(seen, all.toSorted(orderOf({ sort, reversed })));
    },
  ));
});

Deno.test("a script is told what it asked wrongly", () => {
  const cases = [
    ["status=fine", /Unknown status "fine": use one of failing/],
    ["sort=colour", /Unknown sort "colour": use one of worst/],
    ["limit=501", /Unusable limit "501"/],
    ["limit=0", /Unusable limit "0"/],
    ["cursor=nonsense!", /Unusable cursor "nonsense!"/],
    [`cursor=${btoa("[1]")}`, /Unusable cursor/],
  ] as const;
  for (const [params, message] of cases) {
    assert.throws(
      () => readApiQuery(new URLSearchParams(params)),
      (error) => error instanceof ParamError && message.test(error.message),
      params,
    );
  }
});
