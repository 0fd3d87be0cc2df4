import assert from "node:assert/strict";
import { commandLine, endProcess } from "./process.ts";

Deno.test("a process that heeds SIGTERM is ended by it", async () => {
  const child = spawn("sleep 600");
  assert.equal(await endProcess(child.pid, { graceMs: 20_000 }), true);
  assert.equal((await child.status).signal, "SIGTERM");
});

Deno.test("one that does not is killed", async () => {
  const child = spawn("trap '' TERM; echo; while :; do sleep 0.1; done");
  const reader = child.stdout.getReader();
  await reader.read();
  assert.equal(await endProcess(child.pid, { graceMs: 500 }), true);
  assert.equal((await child.status).signal, "SIGKILL");
  await reader.cancel();
});

Deno.test("a process that is not there is ended", async () => {
  const child = spawn("exit 0");
  await child.status;
  assert.equal(await endProcess(child.pid, { graceMs: 500 }), true);
  assert.equal(await commandLine(child.pid), null);
});

Deno.test("a command line is told", async () => {
  const child = spawn("sleep 600");
  try {
    assert.match(await commandLine(child.pid) ?? "", /sleep 600/);
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
});

function spawn(script: string): Deno.ChildProcess & AsyncDisposable {
  return new Deno.Command("sh", {
    args: ["-c", `exec 2>/dev/null; ${script}`],
    stdin: "null",
    stdout: script.includes("echo") ? "piped" : "null",
  }).spawn();
}
