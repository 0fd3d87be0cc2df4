import assert from "node:assert/strict";
import { RequestScanner } from "./request_scanner.ts";

const BYTES = new TextEncoder().encode(
  "GET /b?list-type=2 HTTP/1.1\r\nHost: x\r\n\r\n" +
    "PUT /b/k HTTP/1.1\r\nContent-Length: 18\r\n" +
    "X-Amz-Meta-Litestream-Timestamp: 2026-01-02T03:04:05.6Z\r\n\r\nGET / HTTP/1.1\r\n\r\n" +
    "POST /b?delete HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" +
    "5\r\nGET /\r\n12;x=y\r\nGET / HTTP/1.1\r\n\r\n\r\n0\r\nT: 1\r\n\r\n" +
    "DELETE /b/k HTTP/1.1\r\ncontent-length: 0\r\n\r\n",
);
const EXPECTED = [
  { method: "GET", url: "/b?list-type=2", madeAt: null },
  { method: "PUT", url: "/b/k", madeAt: "2026-01-02T03:04:05.6Z" },
  { method: "POST", url: "/b?delete", madeAt: null },
  { method: "DELETE", url: "/b/k", madeAt: null },
];

for (const size of [1, 2, 3, 7, 64, BYTES.length]) {
  Deno.test(`Requests are found in pieces of ${size} bytes`, () => {
    const scanner = new RequestScanner();
    const found = [];
    for (let at = 0; at < BYTES.length; at += size) {
      found.push(...scanner.push(BYTES.subarray(at, at + size)));
    }
    assert.deepEqual(found, EXPECTED);
  });
}

Deno.test("What is not HTTP is told", () => {
  const scanner = new RequestScanner();
  assert.throws(
    () => scanner.push(new TextEncoder().encode("hello\r\n\r\n")),
    /Cannot read a request: "hello"/,
  );
});
