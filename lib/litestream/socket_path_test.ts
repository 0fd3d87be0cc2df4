import assert from "node:assert/strict";
import { createServer } from "node:net";
import { chmod } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TempDir } from "../../tests/support/temp_dir.ts";
import { controlSocketPath } from "./socket_path.ts";

Deno.test("the socket stands in the state folder, under the daemon's name", async () => {
  assert.equal(await controlSocketPath("/state"), "/state/litestream.sock");
  assert.equal(
    await controlSocketPath("/state", "litestream-2"),
    "/state/litestream-2.sock",
  );
});

Deno.test("a path that is too long for a socket is not taken, in bytes and not letters", async () => {
  await using dir = await TempDir.create("socket");
  await using long = await longFolder(dir, "x".repeat(100));
  assert.equal(dirname(long.socket).startsWith("/tmp/"), true);
  // 40 letters of two bytes and more.
  await using umlauts = await longFolder(dir, "größe-äöüß".repeat(6));
  assert(umlauts.folder.length < 100, `${umlauts.folder.length} letters`);
  assert.notEqual(dirname(umlauts.socket), umlauts.folder);
});

Deno.test("a socket can be made at whatever path comes out", async () => {
  await using dir = await TempDir.create("socket");
  await using long = await longFolder(dir, "y".repeat(200));
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(long.socket, resolve);
  });
  const { mode } = await Deno.stat(dirname(long.socket));
  assert.equal(mode! & 0o077, 0, "others may enter");
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("each state folder and each daemon has a socket of its own, the same at each start", async () => {
  await using dir = await TempDir.create("socket");
  await using one = await longFolder(dir, "a".repeat(120));
  await using two = await longFolder(dir, "b".repeat(120));
  assert.notEqual(one.socket, two.socket);
  const second = await controlSocketPath(one.folder, "litestream-2");
  assert.notEqual(second, one.socket);
  assert.equal(await controlSocketPath(one.folder), one.socket);
});

Deno.test("a folder that others may enter is not used", async () => {
  await using dir = await TempDir.create("socket");
  await using long = await longFolder(dir, "z".repeat(120));
  await chmod(dirname(long.socket), 0o755);
  await assert.rejects(controlSocketPath(long.folder), (error) => {
    const { message } = error as Error;
    assert(message.includes(`"${dirname(long.socket)}"`), message);
    assert.match(message, /--state-dir/);
    return true;
  });
});

/** A state folder with a long name, and its socket; the folder of that is removed. */
async function longFolder(dir: TempDir, name: string) {
  const folder = dir.join(name);
  await Deno.mkdir(folder);
  const socket = await controlSocketPath(folder);
  assert(
    new TextEncoder().encode(socket).length <= 100 &&
      socket !== join(folder, "litestream.sock"),
    socket,
  );
  return {
    folder,
    socket,
    [Symbol.asyncDispose]: () =>
      Deno.remove(dirname(socket), { recursive: true }),
  };
}
