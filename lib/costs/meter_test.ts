import assert from "node:assert/strict";
import { MemoryBook } from "../../tests/support/memory_book.ts";
import { someId } from "../../tests/support/some_client.ts";
import { heldBytes, surenessOf } from "../domain/holding.ts";
import { LIST_PRICES } from "../domain/prices.ts";
import { txidOf } from "../domain/txid.ts";
import { noUsage } from "../domain/usage.ts";
import { Meter } from "./meter.ts";

const START = Date.UTC(2026, 10, 20);
const HOUR = 3600_000;
const [a, b] = [someId(1), someId(2)];
const first = { level: 0, txid: txidOf(1) };

/** A meter whose clock is set by hand. */
function meterAt(book = new MemoryBook(), at = START) {
  const clock = { now: at };
  return { meter: new Meter(book, { now: () => clock.now }), book, clock };
}

Deno.test("requests and uploads count for the client and in all", () => {
  const { meter } = meterAt();
  using _meter = meter;
  meter.request("PUT", a);
  meter.request("LIST", a);
  meter.request("GET", b);
  meter.request("LIST", null);
  meter.uploaded(a, { ...first, bytes: 500 });
  meter.uploaded(a, { level: 9, txid: txidOf(1), bytes: null });
  const ofA = { ...noUsage(), puts: 2, bytes: 500, unsized: 1 };
  assert.deepEqual(meter.client(a)?.usage, ofA);
  assert.deepEqual(meter.client(b)?.usage, { ...noUsage(), gets: 1 });
  assert.equal(meter.client(someId(3)), null);
  const all = { ...ofA, puts: 3, gets: 1 };
  assert.deepEqual(meter.month().usage, all);
  assert.deepEqual(meter.sinceStart, all);
});

Deno.test("a restart goes on with the month, not with what is since the start", () => {
  const { meter, book, clock } = meterAt();
  meter.request("PUT", a);
  meter.uploaded(a, { ...first, bytes: 500 });
  clock.now += HOUR;
  meter[Symbol.dispose]();

  const again = meterAt(book, START + 9 * HOUR);
  using _meter = again.meter;
  again.meter.request("PUT", a);
  again.clock.now += HOUR;
  assert.equal(again.meter.client(a)?.usage.puts, 2);
  assert.equal(heldBytes(again.meter.client(a)!.holding), 500);
  assert.equal(again.meter.sinceStart.puts, 1);
  const { usage, countedMs, grown } = again.meter.month();
  // While none ran, nothing was counted.
  assert.deepEqual([usage.puts, countedMs, grown], [2, 2 * HOUR, 500]);
});

Deno.test("a month begins at its first moment in UTC, with what is stored", () => {
  const { meter, book, clock } = meterAt();
  using _meter = meter;
  meter.request("PUT", a);
  meter.uploaded(a, { ...first, bytes: 500 });
  clock.now = Date.UTC(2026, 11, 1) - 1;
  meter.request("PUT", b);
  clock.now = Date.UTC(2026, 11, 1) + HOUR;
  meter.request("GET", b);
  assert.deepEqual(meter.month(), {
    month: "2026-12",
    usage: { ...noUsage(), gets: 1 },
    grown: 0,
    countedMs: HOUR,
  });
  assert.deepEqual(meter.client(a)?.usage, noUsage());
  assert.equal(heldBytes(meter.client(a)!.holding), 500);
  assert.deepEqual(meter.client(b)?.usage, { ...noUsage(), gets: 1 });
  const rows = meter.dearest({ prices: LIST_PRICES, limit: 9 });
  assert.deepEqual(rows.map(({ id, usage }) => [id, usage.puts, usage.gets]), [
    [b, 0, 1],
    [a, 0, 0],
  ]);
  const [november, ...others] = meter.earlierMonths();
  assert.deepEqual(others, []);
  assert.equal(november?.usage.puts, 2);
  assert.equal(november?.countedMs, Date.UTC(2026, 11, 1) - START);
  assert.equal(book.months().length, 2);
});

Deno.test("a listing tells what a client has that was there before", () => {
  const { meter, clock } = meterAt();
  using _meter = meter;
  meter.uploaded(a, { level: 0, txid: txidOf(9), bytes: 80 });
  assert.equal(surenessOf(meter.client(a)!.holding), "at least");
  clock.now += 1_000;
  meter.listed(a, {
    at: clock.now,
    sizeBytes: 700,
    files: [{ level: 0, maxTxid: txidOf(9), sizeBytes: 80 }],
    truncated: false,
  });
  assert.equal(surenessOf(meter.client(a)!.holding), "exact");
  assert.deepEqual(meter.stored().bytes, 700);
  // It is no growth that it is known now.
  assert.equal(meter.month().grown, 0);
  clock.now += 1_000;
  meter.deleted(a, { level: 0, txid: txidOf(9) });
  assert.equal(meter.stored().bytes, 620);
  assert.equal(meter.month().grown, -80);
});

Deno.test("a clock that is set back adds no time", () => {
  const { meter, clock } = meterAt();
  using _meter = meter;
  clock.now += HOUR;
  assert.equal(meter.month().countedMs, HOUR);
  clock.now -= HOUR / 2;
  assert.equal(meter.month().countedMs, HOUR);
  clock.now += HOUR;
  assert.equal(meter.month().countedMs, 1.5 * HOUR);
});

Deno.test("a book that cannot be written loses nothing", () => {
  class FullBook extends MemoryBook {
    full = true;
    override write(...given: Parameters<MemoryBook["write"]>) {
      if (this.full) throw new Error("database or disk is full");
      super.write(...given);
    }
  }
  const book = new FullBook();
  const { meter } = meterAt(book);
  meter.request("PUT", a);
  assert.throws(() => meter.flush(), /full/);
  meter.request("PUT", a);
  assert.deepEqual(meter.dearest({ prices: LIST_PRICES, limit: 9 }), []);
  book.full = false;
  meter[Symbol.dispose]();
  assert.equal(book.read(a)?.usage.puts, 2);
});

Deno.test("who does nothing is neither written nor kept in memory", () => {
  const { meter, book } = meterAt();
  using _meter = meter;
  meter.request("PUT", a);
  meter.flush();
  assert.equal(meter.client(b), null);
  meter.request("PUT", b);
  const written: string[] = [];
  const write = book.write.bind(book);
  book.write = (rows, months) => {
    const all = [...rows];
    written.push(...all.map(({ id }) => id));
    write(all, months);
  };
  meter.flush();
  assert.deepEqual(written, [b]);
});
