import assert from "node:assert/strict";
import { isOwnHost } from "./host_guard.ts";

Deno.test("addresses, localhost and the operator's names are ours", () => {
  const own = ["backup.example", "0.0.0.0"];
  const cases = [
    ["127.0.0.1", true],
    ["192.168.1.20", true],
    ["[::1]", true],
    ["[fe80::1]", true],
    ["localhost", true],
    ["app.localhost", true],
    ["Backup.Example", true],
    ["evil.example", false],
    ["127.0.0.1.evil.example", false],
    ["localhost.evil.example", false],
    ["notlocalhost", false],
    ["", false],
  ] as const;
  for (const [hostname, expected] of cases) {
    assert.equal(isOwnHost(hostname, own), expected, hostname);
  }
});
