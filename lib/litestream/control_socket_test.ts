import assert from "node:assert/strict";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { TempDir } from "../../tests/support/temp_dir.ts";
import {
  ControlError,
  ControlSocket,
  isUnreachable,
} from "./control_socket.ts";

Deno.test("a socket that is not there is unreachable", async () => {
  await using dir = await TempDir.create("socket");
  using control = new ControlSocket(dir.join("none.sock"));
  await assert.rejects(control.info({ timeoutMs: 1_000 }), (error) => {
    assert(isUnreachable(error));
    assert.match(
      (error as Error).message,
      /^Cannot call \/info of the Litestream daemon: /,
    );
    assert((error as Error).cause instanceof Error);
    return true;
  });
});

Deno.test("a socket that nobody listens at any more is unreachable", async () => {
  await using dir = await TempDir.create("socket");
  const path = dir.join("s.sock");
  const server = Deno.listen({ transport: "unix", path });
  server.close();
  // What a killed daemon leaves: the file, and nobody behind it.
  await Deno.stat(path).catch(() => Deno.writeTextFile(path, ""));
  using control = new ControlSocket(path);
  await assert.rejects(control.register("/a.db", "file:///b"), isUnreachable);
});

Deno.test("a daemon that dies in the middle of an answer is unreachable", async () => {
  await using dir = await TempDir.create("socket");
  const path = dir.join("s.sock");
  await using _server = await listen(path, (_, socket) => socket.destroy());
  using control = new ControlSocket(path);
  await assert.rejects(control.info({ timeoutMs: 5_000 }), isUnreachable);
});

Deno.test("a daemon that does not answer is waited for within the bound, and counts as down", async () => {
  await using dir = await TempDir.create("socket");
  const path = dir.join("s.sock");
  await using _server = await listen(path, () => {});
  using control = new ControlSocket(path);
  await assert.rejects(control.info({ timeoutMs: 200 }), (error) => {
    assert(error instanceof ControlError);
    assert.equal(isUnreachable(error), true);
    assert.equal(error.unanswered, true);
    assert.match(error.message, /no answer within 0\.2 s/);
    return true;
  });
});

Deno.test("a daemon that stops to answer is waited for within the bound also on a connection that is used again", async () => {
  await using dir = await TempDir.create("socket");
  const path = dir.join("s.sock");
  const sockets = new Set<unknown>();
  let silent = false;
  await using _server = await listen(path, (response, socket) => {
    sockets.add(socket);
    if (!silent) response.end(`{"version":"0.5.17","pid":7}`);
  });
  using control = new ControlSocket(path);
  await control.info({ timeoutMs: 60_000 });
  silent = true;
  const call = control.info({ timeoutMs: 100 });
  const end = new AbortController();
  const late = delay(20_000, "it waits on", { signal: end.signal });
  const error = await Promise.race([call.catch((error) => error), late]);
  end.abort();
  await late.catch(() => {});
  assert(error instanceof ControlError, String(error));
  assert.equal(error.unanswered, true);
  assert.equal(sockets.size, 1, "another connection was used");
});

const begun: [answer: string, isNew: boolean][] = [
  [`{"status":"registered","path":"/a.db"}`, true],
  [`{"status":"already_registered","path":"/a.db"}`, false],
];

for (const [answer, isNew] of begun) {
  Deno.test(`to register, answered ${answer}, is ${isNew}`, async () => {
    await using dir = await TempDir.create("socket");
    const path = dir.join("s.sock");
    await using _server = await listen(path, (response) => {
      response.end(answer);
    });
    using control = new ControlSocket(path);
    assert.equal(await control.register("/a.db", "file:///b"), isNew);
  });
}

const answers: [status: number, body: string, says: RegExp][] = [
  [
    500,
    `{"error":"sync: context deadline exceeded"}`,
    /: sync: context deadline/,
  ],
  [404, "404 page not found\n", /: 404 page not found$/],
  [500, "", /: HTTP 500$/],
  [500, "null", /: null$/],
  [400, `{}`, /: HTTP 400$/],
];

for (const [status, body, says] of answers) {
  Deno.test(`an answer ${status} "${body.trim()}" is an error, and no daemon that is down`, async () => {
    await using dir = await TempDir.create("socket");
    const path = dir.join("s.sock");
    await using _server = await listen(path, (response) => {
      response.writeHead(status).end(body);
    });
    using control = new ControlSocket(path);
    await assert.rejects(control.unregister("/a.db", 1_000), (error) => {
      assert.equal(isUnreachable(error), false);
      assert.equal((error as ControlError).unanswered, false);
      assert.match((error as Error).message, says);
      return true;
    });
  });
}

Deno.test("what is sent is what Litestream takes", async () => {
  await using dir = await TempDir.create("socket");
  const path = dir.join("s.sock");
  const seen: unknown[] = [];
  await using _server = await listen(path, (response, _, request) => {
    seen.push(request);
    response.end(`{"version":"0.5.17","pid":7}`);
  });
  using control = new ControlSocket(path);
  assert.deepEqual(await control.info({ timeoutMs: 5_000 }), {
    version: "0.5.17",
    pid: 7,
  });
  await control.register("/data/ä b.db", "s3://b/k?region=x");
  await control.unregister("/data/ä b.db", 1_200);
  await control.unregister("/data/ä b.db", 1);
  assert.deepEqual(seen, [
    "GET /info ",
    `POST /register {"path":"/data/ä b.db","replica_url":"s3://b/k?region=x"}`,
    // Seconds, rounded up: 0 would be no time at all.
    `POST /unregister {"path":"/data/ä b.db","timeout":2}`,
    `POST /unregister {"path":"/data/ä b.db","timeout":1}`,
  ]);
});

interface Answer {
  writeHead(status: number): Answer;
  end(body: string): unknown;
}

/** A server that takes the daemon's place, to answer as it never should. */
async function listen(
  path: string,
  answer: (
    response: Answer,
    socket: { destroy(): void },
    request: string,
  ) => void,
): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => body += chunk);
    request.on("end", () => {
      const told = `${request.method} ${request.url} ${body}`;
      answer(response, request.socket, told);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, () => resolve()));
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
