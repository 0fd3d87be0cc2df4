/**
 * The whole way, as a newcomer goes it: a real manager, Litestream and browser.
 * A database is written and the page shows it, protected, by itself.
 *
 * Rules: only what a person sees counts; no test waits for a fixed time; the
 * browser's console stays empty.
 * @module
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { AppDatabase, contentDigest } from "./support/app_database.ts";
import { TestBrowser } from "./support/browser.ts";
import {
  litestreamPath,
  localFlags,
  ManagerProcess,
} from "./support/run_manager.ts";
import { TempDir } from "./support/temp_dir.ts";

const IDS = [
  "0b5c6f0e-6a3e-4f57-9a30-6c0a2f1f7d11",
  "1c6d7f1f-7b4f-4a68-8b41-7d1b3a2a8e22",
  "2d7e8a2a-8c5a-4b79-9c52-8e2c4b3b9f33",
] as const;

const rowOf = (page: Page, id: string) =>
  page.locator("tbody tr").filter({ hasText: id });
const statusOf = (page: Page, id: string) =>
  rowOf(page, id).locator(".status").innerText();

Deno.test("a written database is seen, protected, and restored from its page", async () => {
  await using dir = await TempDir.create("browser");
  await Deno.mkdir(dir.join("data", "eu"), { recursive: true });
  const path = (id: string) => dir.join("data", "eu", `${id}.db`);
  using first = AppDatabase.open(path(IDS[0]));
  first.insert(20, 500);
  using second = AppDatabase.open(path(IDS[1]));
  second.insert(20, 500);
  await Deno.writeTextFile(dir.join("data", `${IDS[2]}.db`), "no database\n");
  await Deno.writeTextFile(dir.join("data", "notes.db"), "no client\n");

  await using manager = await ManagerProcess.start({
    args: localFlags(dir.path),
  });
  await manager.untilProtected(2);
  await using browser = await TestBrowser.start();

  // Rows render without script.
  const plain = await browser.page({ javaScriptEnabled: false });
  await plain.goto(manager.url);
  assert.equal(await plain.locator("tbody tr").count(), 2);
  assert.equal(await statusOf(plain, IDS[0]), "Protected");
  assert.match(
    await plain.locator(".verdict h1").innerText(),
    /^2 clients protected/,
  );
  await plain.goto(`${manager.url}/ignored`);
  const ignored = await plain.locator("main").innerText();
  assert.match(ignored, /notes\.db/);
  await plain.context().close();

  // They come to life, and change when the application writes.
  const page = await browser.page();
  await page.goto(manager.url);
  await page.waitForSelector(".connection[data-state=live]", {
    state: "attached",
  });
  const uploads = async () => {
    const status = await manager.status();
    return status.clients.find(({ clientId }) => clientId === IDS[0])
      ?.replicatedTxid;
  };
  const before = await uploads();
  first.insert(5, 500);
  await manager.until(
    "the page shows the new upload",
    async () =>
      await uploads() !== before &&
      await statusOf(page, IDS[0]) === "Protected" &&
      /^(just now|\d+ s ago)$/.test(
        await rowOf(page, IDS[0]).locator("td.number").nth(3).innerText(),
      ),
  );

  // A new database appears by itself.
  using third = AppDatabase.open(dir.join("data", `${IDS[2]}.sqlite`));
  third.insert(20, 500);
  await manager.until(
    "the new client is protected on the page",
    async () => await statusOf(page, IDS[2]) === "Protected",
  );

  // Its page tells the command, and the command works.
  await rowOf(page, IDS[0]).getByRole("link").click();
  await page.locator("#command").waitFor();
  assert.equal(
    await page.locator(".standing .status").innerText(),
    "Protected",
  );
  assert.match(await page.locator(".timeline").innerText(), /Uploaded/);
  await page.getByText(/^Sizes of the last \d+ uploads/).waitFor();
  await page.getByText(/^Size of the database, /).waitFor();
  const command = await page.locator("#command").innerText();
  const [program, ...args] = command.split(" ");
  assert.equal(program, "litestream");
  const { success, stderr } = await new Deno.Command(await litestreamPath(), {
    args,
    cwd: dir.path,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  assert.equal(contentDigest(dir.join("restored.db")), first.digest());

  // Paused by a button, gone when the file goes.
  await page.getByRole("button", { name: "Pause protection" }).click();
  await page.getByRole("button", { name: "Resume protection" }).waitFor();
  await page.getByRole("button", { name: "Resume protection" }).click();
  await page.getByRole("button", { name: "Pause protection" }).waitFor();
  second.close();
  await Deno.remove(path(IDS[1]));
  await page.goto(manager.url);
  await manager.until(
    "the page shows that it is gone",
    async () => await statusOf(page, IDS[1]) === "Gone",
  );

  assert.deepEqual(browser.complaints, []);
  await page.context().close();
  await manager.stop();
});

Deno.test("a snapshot on demand, what only the bucket has, and who did it, over a restart", async () => {
  await using dir = await TempDir.create("browser");
  await Deno.mkdir(dir.join("data"));
  using app = AppDatabase.open(dir.join("data", `${IDS[0]}.db`));
  app.insert(20, 500);
  const args = localFlags(dir.path);
  await using browser = await TestBrowser.start();
  const page = await browser.page();
  {
    await using manager = await ManagerProcess.start({ args });
    await manager.untilProtected(1);
    await page.goto(`${manager.url}/clients/${IDS[0]}`);
    await page.waitForSelector(".chrome[data-ready=true]");
    await page.getByRole("button", { name: "Snapshot now" }).click();
    await page.getByText("Asked for: taken when").waitFor();
    await manager.until(
      "the snapshot is told",
      async () => /Snapshot/.test(await page.locator(".timeline").innerText()),
    );
    await page.goto(`${manager.url}/clients/${IDS[0]}?wait=1`);
    assert.match(
      await page.locator(".restore").innerText(),
      /Snapshot at transaction/,
    );

    // A client of a disk that was lost.
    const replicas = dir.join("replica", "databases");
    await copyFolder(`${replicas}/${IDS[0]}`, `${replicas}/${IDS[1]}`);
    await page.goto(`${manager.url}/bucket`);
    const command = await page.locator(".command-line").innerText();
    const [program, ...words] = command.split(" ");
    assert.equal(program, "litestream");
    const { success, stderr } = await new Deno.Command(await litestreamPath(), {
      args: words,
      cwd: dir.join("data"),
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    assert.equal(
      contentDigest(dir.join("data", `${IDS[1]}.db`)),
      app.digest(),
    );
    await manager.untilProtected(2);
    await page.goto(`${manager.url}/bucket`);
    assert.match(await page.locator("main").innerText(), /Every client of/);
    await manager.stop();
  }
  await using manager = await ManagerProcess.start({ args });
  await page.goto(`${manager.url}/activity`);
  assert.match(
    await page.locator("main").innerText(),
    new RegExp(`Asked for a snapshot of 1 client[^]*${IDS[0]}`),
  );
  assert.deepEqual(browser.complaints, []);
  await page.context().close();
  await manager.stop();
});

/** Copies a folder with all in it. */
async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

Deno.test("with a bucket that cannot be written no client is ever protected", async () => {
  await using dir = await TempDir.create("browser");
  await Deno.mkdir(dir.join("data"));
  // A file where the replica's folder should be.
  await Deno.writeTextFile(dir.join("replica"), "in the way\n");
  using app = AppDatabase.open(dir.join("data", `${IDS[0]}.db`));
  app.insert(20, 500);
  await using manager = await ManagerProcess.start({
    args: localFlags(dir.path),
    waitUntilReady: false,
  });
  await using browser = await TestBrowser.start();
  const page = await browser.page();
  await manager.until(
    "it listens",
    async () =>
      (await manager.get("/healthz").then((response) => response.text()))
        .includes("ok"),
  );
  await manager.until("the page says that it fails", async () => {
    await page.goto(manager.url);
    const status = await manager.client(IDS[0]);
    assert.notEqual(status?.status, "protected");
    return (await page.title()).startsWith("(!)");
  }, { everyMs: 500, timeoutMs: 120_000 });
  assert.notEqual(
    await page.locator("link[rel=icon]").getAttribute("href"),
    "/icon.svg",
  );
});
