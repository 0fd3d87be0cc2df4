import assert from "node:assert/strict";
import { parse } from "yaml";
import { daemonConfig } from "./daemon_config.ts";

const options = { socket: "/run/litestream.sock", retentionMs: 36e5 };

Deno.test("the daemon begins with no database and a socket that is ours alone", () => {
  const config = parse(daemonConfig(options));
  assert.deepEqual(config.dbs, []);
  assert.deepEqual(config.socket, {
    enabled: true,
    path: "/run/litestream.sock",
    permissions: 0o600,
  });
});

Deno.test("its log is what the verdict is read from", () => {
  const { logging } = parse(daemonConfig(options));
  assert.deepEqual(logging, { type: "json", level: "debug" });
});

Deno.test("times are such as Litestream takes", () => {
  const config = parse(daemonConfig(options));
  assert.equal(config.snapshot.retention, "3600000ms");
  assert.equal(config["shutdown-sync-timeout"], "3s");
});

Deno.test("a path with a special meaning in YAML stays what it is", () => {
  for (
    const socket of [
      "/a: b/#s.sock",
      "/*&'\"x/{}.sock",
      "/größe/s.sock",
      "/next\x85line/\u2028/\x7f.sock",
      "/back\\slash/tab\t/new\nline.sock",
    ]
  ) {
    const { socket: { path } } = parse(daemonConfig({ ...options, socket }));
    assert.equal(path, socket);
  }
});
