import assert from "node:assert/strict";
import { GB, LIST_PRICES } from "./prices.ts";
import {
  addRequest,
  addUpload,
  aloneDollars,
  noUsage,
  requestDollars,
  requestsOf,
  storageDollars,
  transferDollars,
} from "./usage.ts";

Deno.test("requests are counted by what they cost", () => {
  const usage = noUsage();
  const methods = ["PUT", "POST", "LIST", "GET", "HEAD", "DELETE", "NEW"];
  for (const method of methods) addRequest(usage, method);
  assert.deepEqual(usage, { ...noUsage(), puts: 4, gets: 2, frees: 1 });
  assert.equal(requestsOf(usage), 7);
  assert.equal(requestDollars(usage, LIST_PRICES).toFixed(7), "0.0000208");
});

Deno.test("an upload of unknown size is not one of no bytes", () => {
  const usage = noUsage();
  for (const bytes of [0, 70, null]) addUpload(usage, bytes);
  assert.deepEqual(usage, { ...noUsage(), bytes: 70, unsized: 1 });
});

Deno.test("bytes are charged by the GB of Amazon's bills", () => {
  const prices = { ...LIST_PRICES, transfer: 0.09 };
  assert.equal(storageDollars(10 * GB, prices).toFixed(4), "0.2300");
  assert.equal(transferDollars(GB / 2, prices).toFixed(4), "0.0450");
  assert.equal(transferDollars(GB, LIST_PRICES), 0);
});

Deno.test("Litestream alone costs about two dollars per idle client and month", () => {
  assert.equal(aloneDollars(1, LIST_PRICES).toFixed(2), "2.19");
});
