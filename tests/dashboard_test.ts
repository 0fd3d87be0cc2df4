/**
 * The dashboard in a real browser, on a made-up manager: every page and every way
 * of using it. browser_test.ts does the same with a real manager, in short.
 *
 * Rules: what is asserted is what a person sees or can do; no test waits for a
 * fixed time; each ends with no complaint on the browser's console.
 * @module
 */
import axe from "axe-core";
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { TestBrowser } from "./support/browser.ts";
import { BuiltApp } from "./support/built_app.ts";
import {
  addTrouble,
  FakeManager,
  idOf,
  runUpCosts,
} from "./support/fake_manager.ts";
import { until } from "./support/until.ts";

let browser: TestBrowser;
Deno.test.beforeAll(async () => {
  browser = await TestBrowser.start();
});
Deno.test.afterAll(() => browser[Symbol.asyncDispose]());

/** The browser is there before a test and after it, so nothing of it is a leak. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

/** A dashboard of its own with that many clients, and a page on it. */
async function open(
  path: string,
  { clients, trouble = false, ...options }: {
    clients: number;
    trouble?: boolean;
    javaScriptEnabled?: boolean;
  },
) {
  const app = await BuiltApp.create();
  const ids = app.manager.fill(clients);
  if (trouble) addTrouble(app.manager, ids.slice(-7), Date.now());
  const server = app.serve();
  const page = await browser.page(options);
  await page.goto(server.url + path);
  if (options.javaScriptEnabled !== false) {
    await page.waitForSelector(".chrome[data-ready=true]");
  }
  return {
    page,
    ids,
    manager: app.manager,
    url: server.url,
    async [Symbol.asyncDispose]() {
      // Without script a browser refuses to load what the page announces.
      const complaints = browser.complaints.splice(0).filter((complaint) =>
        options.javaScriptEnabled !== false || !complaint.endsWith(": csp")
      );
      await page.context().close();
      await server[Symbol.asyncDispose]();
      assert.deepEqual(complaints, []);
    },
  };
}

const rows = (page: Page) => page.locator("tbody tr");
const firstId = (page: Page) => rows(page).first().locator("th a").innerText();
const heading = (page: Page) => page.locator(".verdict h1").innerText();
const see = (what: string, probe: () => Promise<boolean>) =>
  until(what, probe, { timeoutMs: 20_000 });

/** Breaches of WCAG 2.2 A and AA, each in a line. */
async function breaches(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    // deno-lint-ignore no-explicit-any -- put there by the line above
    const { violations } = await (globalThis as any).axe.run(document, {
      runOnly: [
        "wcag2a",
        "wcag2aa",
        "wcag21a",
        "wcag21aa",
        "wcag22aa",
        "best-practice",
      ],
    });
    return violations.flatMap((
      { id, nodes }: { id: string; nodes: { html: string }[] },
    ) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
  });
}

test("without script the page reads well: verdict, counts, rows, search, pages", async () => {
  await using open1 = await open("/?sort=id", {
    clients: 120,
    trouble: true,
    javaScriptEnabled: false,
  });
  const { page, ids } = open1;
  assert.equal(await heading(page), "2 of 119 clients are failing");
  assert.equal(await rows(page).count(), 50);
  assert.equal(await firstId(page), [...ids].sort()[0]);
  await page.getByRole("link", { name: "Next" }).click();
  assert.equal(await firstId(page), [...ids].sort()[50]);
  await page.locator("#q").fill(ids[7]!.slice(0, 18));
  await page.getByRole("button", { name: "Search" }).click();
  assert.equal(await rows(page).count(), 1);
  await page.getByRole("link", { name: ids[7]! }).click();
  assert.match(await page.locator("h1").innerText(), new RegExp(ids[7]!));
  assert.match(
    await page.locator("#command").innerText(),
    /^litestream restore/,
  );
  await page.getByRole("button", { name: "Pause protection" }).click();
  assert.equal(open1.manager.registry.get(ids[7]!)?.status, "paused");
  assert.equal(await page.locator(".standing .status").innerText(), "Paused");
});

test("rows change by themselves, and a client in trouble comes to the top", async () => {
  await using opened = await open("/", { clients: 60 });
  const { page, ids, manager } = opened;
  assert.equal(
    await heading(page),
    "60 clients protected, oldest unsynced 0 s",
  );
  assert.match(await page.title(), /^60 clients protected/);
  const last = ids.at(-1)!;
  manager.change(last);
  manager.fail(last, "AccessDenied");
  await see("it stands first", async () => await firstId(page) === last);
  assert.equal(await heading(page), "1 of 60 clients is failing");
  await see(
    "the title tells",
    async () => (await page.title()).startsWith("(!)"),
  );
  assert.equal(
    await page.locator("link[rel=icon]").getAttribute("href"),
    "/icon-trouble.svg",
  );
  manager.prove(last);
  await see(
    "all is well again",
    async () => (await heading(page)).startsWith("60 clients protected"),
  );
});

test("a new client appears, one that is deleted is gone", async () => {
  await using opened = await open("/", { clients: 2 });
  const { page, manager } = opened;
  manager.fill(3);
  await see("three rows", async () => await rows(page).count() === 3);
  const { id, path } = [...manager.registry.clients()][2]!;
  manager.registry.discover({ kind: "lost", id, path });
  await see(
    "it is gone",
    async () =>
      await rows(page).filter({ hasText: id }).locator(".status")
        .innerText() ===
        "Gone",
  );
});

test("searching, filtering, sorting and paging stand in the address", async () => {
  await using opened = await open("/", { clients: 130, trouble: true });
  const { page, ids } = opened;
  const params = () => new URL(page.url()).search;

  await page.locator("#q").fill("EU-3");
  await see("only that folder", async () =>
    await rows(page).count() < 30 &&
    (await page.locator("tbody .folder").allInnerTexts()).every((text) =>
      text.endsWith("eu-3")
    ));
  assert.equal(params(), "?q=EU-3");
  await page.locator("#q").fill("");
  await see("all again", async () => await rows(page).count() === 50);
  assert.equal(params(), "");

  await page.getByRole("link", { name: "2 Failing" }).click();
  await see("two rows", async () => await rows(page).count() === 2);
  assert.equal(params(), "?status=failing");
  await page.goBack();
  await see("back to all", async () => await rows(page).count() === 50);

  await page.getByRole("link", { name: "Client", exact: true }).click();
  const sorted = [...ids].sort();
  await see("by id", async () => await firstId(page) === sorted[0]);
  await page.getByRole("link", { name: "Client", exact: true }).click();
  await see("backwards", async () => await firstId(page) === sorted.at(-1));
  assert.equal(params(), "?sort=-id");
  await page.getByRole("link", { name: "Next" }).click();
  await see("next page", async () => await firstId(page) === sorted.at(-51));
  assert.equal(params(), "?sort=-id&page=2");
  await page.reload();
  assert.equal(await firstId(page), sorted.at(-51));
});

test("what is not found says so, and an empty fleet says what to do", async () => {
  await using opened = await open("/?q=nowhere", { clients: 3 });
  const { page } = opened;
  assert.match(await page.locator(".empty").innerText(), /No client matches/);
  await page.getByRole("link", { name: "Show all clients" }).click();
  await see("all", async () => await rows(page).count() === 3);

  await using empty = await open("/", { clients: 0 });
  assert.equal(await heading(empty.page), "No databases yet");
  assert.match(
    await empty.page.locator(".empty").innerText(),
    /Put SQLite databases .* into\s+\/srv\/tenants/,
  );
});

test("many are selected, paused, and that is taken back", async () => {
  await using opened = await open("/?sort=id", { clients: 5 });
  const { page, ids, manager } = opened;
  const paused = () =>
    ids.filter((id) => manager.registry.get(id)?.status === "paused").sort();
  const sorted = [...ids].sort();
  for (const id of sorted.slice(0, 2)) {
    await page.getByRole("checkbox", { name: `Select ${id}` }).check();
  }
  await page.getByText("2 clients selected").waitFor();
  await page.getByRole("button", { name: "Pause protection" }).click();
  await page.getByText("2 clients paused").waitFor();
  assert.deepEqual(paused(), sorted.slice(0, 2));
  await see(
    "the row tells",
    async () =>
      await rows(page).first().locator(".status").innerText() === "Paused",
  );
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("2 clients resumed").waitFor();
  assert.deepEqual(paused(), []);
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await page.getByText("5 clients selected").waitFor();
});

test("a snapshot is asked for, of selected clients and on a client's page", async () => {
  await using opened = await open("/?sort=id", { clients: 3 });
  const { page, ids, manager, url } = opened;
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await page.getByRole("button", { name: "Snapshot now" }).click();
  await page.getByText("Snapshot of 3 clients asked for").waitFor();
  assert.deepEqual(manager.snapshots, [...ids].sort());

  await page.goto(`${url}/clients/${ids[0]}`);
  await page.waitForSelector(".chrome[data-ready=true]");
  await page.getByRole("button", { name: "Snapshot now" }).click();
  await page.getByText("Asked for: taken when all else is uploaded").waitFor();
  assert.equal(manager.snapshots.at(-1), ids[0]);
  await page.getByRole("button", { name: "Pause protection" }).click();
  await page.getByRole("button", { name: "Resume protection" }).waitFor();
  const snapshot = page.getByRole("button", { name: "Snapshot now" });
  assert.equal(await snapshot.count(), 0);
  await page.getByRole("link", { name: "Activity" }).click();
  assert.match(
    await page.locator("main").innerText(),
    /Asked for a snapshot of 3 clients/,
  );
});

test("a trial restore is asked for, of selected clients and on a client's page, where it is told", async () => {
  await using opened = await open("/?sort=id", { clients: 3 });
  const { page, ids, manager, url } = opened;
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await page.getByRole("button", { name: "Try a restore" }).click();
  await page.getByText("Trial restore of 3 clients asked for").waitFor();
  assert.deepEqual(manager.drills, [...ids].sort());

  await page.goto(`${url}/clients/${ids[0]}`);
  await page.waitForSelector(".chrome[data-ready=true]");
  await page.getByText("not tried yet").waitFor();
  await page.getByRole("button", { name: "Try a restore" }).click();
  await page.getByText("Asked for: tried as soon as it sleeps").waitFor();
  assert.equal(manager.drills.at(-1), ids[0]);
  const { txid } = manager.registry.get(ids[0]!)!;
  const drill = { at: Date.now(), txid: txid! };
  manager.registry.observe(ids[0]!, {
    drill: { ...drill, result: "refuted", problem: "ltx: file is cut off" },
  });
  await page.getByText("ltx: file is cut off").waitFor();
  await page.getByText("uploaded anew and tried again").waitFor();
  manager.registry.observe(ids[0]!, {
    drill: { ...drill, result: "passed", problem: null },
  });
  await page.getByText("Whole, and equal to the database").waitFor();
  assert.equal(await page.getByText("ltx: file is cut off").count(), 0);
});

test("what the requests cost is told with its formula", async () => {
  const started = Date.now() - 3_600_000;
  let now = started;
  const manager = new FakeManager({ now: () => now });
  manager.fill(1_000);
  now = Date.now();
  const app = await BuiltApp.create(manager);
  Object.assign(manager.requests, { PUT: 600, LIST: 100, GET: 50, DELETE: 9 });
  const server = app.serve();
  const page = await browser.page();
  await page.goto(server.url);
  const cost = page.locator(".cost");
  assert.equal(
    await cost.innerText(),
    "$2.57 a month at this rate; Litestream alone $2,190 while idle",
  );
  assert.match(
    await cost.getAttribute("title") ?? "",
    /^\(700 writes and lists × \$0\.005 \+ 50 reads × \$0\.0004\) \/ 1,000, in 60 minutes/,
  );
  await page.context().close();
  await server[Symbol.asyncDispose]();
  assert.deepEqual(browser.complaints.splice(0), []);
});

test("costs are told with their forecast, per client, and what is not known as such", async () => {
  const started = Date.now() - 3_600_000;
  const manager = new FakeManager({ now: () => started });
  const ids = manager.fill(30);
  runUpCosts(manager, ids.slice(0, 20));
  const app = await BuiltApp.create(manager);
  const server = app.serve();
  const page = await browser.page({ javaScriptEnabled: false });
  await page.goto(`${server.url}/costs`);
  const figures = page.locator(".figures");
  assert.match(
    await figures.innerText(),
    /at least .*not known of 10 clients/s,
  );
  assert.match(await figures.innerText(), /Litestream alone\s+\$65\.70/);
  const table = page.getByRole("table", { name: "The dearest clients" });
  assert.equal(await table.locator("tbody tr").count(), 20);
  // The one that asked most is the dearest, and one was there before the meter.
  const [dearest] = await table.locator("tbody tr").allInnerTexts();
  assert.match(dearest!, new RegExp(`^${ids[0]}\\s+1,200\\s`));
  const old = table.locator("tr", { hasText: ids[19]! });
  assert.match(await old.innerText(), /at least/);
  await table.getByRole("link", { name: ids[0]! }).click();
  assert.match(
    await page.locator("main").innerText(),
    /This month\s+1,200 requests, [\d.]+ MB uploaded: \$/,
  );
  await page.goto(`${server.url}/clients/${ids[25]}`);
  assert.match(await page.locator("main").innerText(), /not known yet/);
  await page.context().close();
  await server[Symbol.asyncDispose]();
  browser.complaints.splice(0);
});

test("keys go to the search, from client to client, select, open, and help", async () => {
  await using opened = await open("/?sort=id", { clients: 4 });
  const { page, ids } = opened;
  const sorted = [...ids].sort();
  const focused = () =>
    page.evaluate(() => document.activeElement?.textContent ?? "");
  await page.keyboard.press("/");
  assert.equal(
    await page.evaluate(() => document.activeElement?.id),
    "q",
  );
  await page.keyboard.type("?x");
  assert.equal(await page.locator("#q").inputValue(), "?x");
  await page.locator("#q").fill("");
  await page.keyboard.press("Escape");
  await see("all rows", async () => await rows(page).count() === 4);
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(), sorted[0]);
  await page.keyboard.press("j");
  assert.equal(await focused(), sorted[1]);
  await page.keyboard.press("x");
  await page.getByText("1 client selected").waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "hidden" });
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowDown");
  const opens = await focused();
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/clients/${opens}`);
});

test("a lost connection is shown, mends itself, and nothing is missed", async () => {
  const app = await BuiltApp.create();
  const [id] = app.manager.fill(3);
  const hostname = "127.0.0.1";
  const quiet = { onListen: () => {} };
  let server = Deno.serve({ port: 0, hostname, ...quiet }, app.fetch);
  const { port } = server.addr;
  const page = await browser.page();
  await page.goto(`http://${hostname}:${port}/`);
  const note = page.locator(".connection");
  await see(
    "it is live",
    async () => await note.getAttribute("data-state") === "live",
  );

  const stop = new AbortController();
  const events = page.waitForRequest("**/api/events*");
  await page.reload();
  await events;
  // Streams end, and nobody listens.
  const { setManager } = await import("../lib/app.ts");
  const shown = setManager(app.manager);
  shown[Symbol.dispose]();
  await server.shutdown();
  await see("it says so", async () => /is lost/.test(await note.innerText()));

  app.manager.fail(id!, "while nobody listened");
  const again = setManager(app.manager);
  server = Deno.serve(
    { port, hostname, signal: stop.signal, ...quiet },
    app.fetch,
  );
  await see(
    "it is live again",
    async () => await note.getAttribute("data-state") === "live",
  );
  await see(
    "what was missed is there",
    async () => await heading(page) === "1 of 3 clients is failing",
  );
  assert.equal(await firstId(page), id);

  await page.context().close();
  again[Symbol.dispose]();
  app[Symbol.dispose]();
  await server.shutdown();
  const complaints = browser.complaints.splice(0);
  for (const complaint of complaints) {
    assert.match(
      complaint,
      /net::ERR_(CONNECTION|SOCKET|INCOMPLETE|EMPTY)|status of 503/,
    );
  }
});

test("a failing client says why, what to do, and how to restore it", async () => {
  await using opened = await open("/", { clients: 30, trouble: true });
  const { page, ids } = opened;
  await page.getByRole("link", { name: /^Look at/ }).click();
  await page.waitForURL("**/clients/*");
  assert.equal(await page.locator(".standing .status").innerText(), "Failing");
  const error = await page.getByRole("region", { name: "Last error" })
    .innerText();
  assert.match(error, /AccessDenied/);
  assert.match(error, /allow s3:PutObject/);
  assert.match(
    await page.locator("#command").innerText(),
    /^litestream restore -o restored\.db -txid [0-9a-f]{16} /,
  );
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(
    await page.evaluate(() => navigator.clipboard.readText()),
    await page.locator("#command").innerText(),
  );
  opened.manager.prove(ids.at(-7)!);
  await see(
    "it lives",
    async () =>
      await page.locator(".standing .status").innerText() === "Protected",
  );
  await see(
    "the timeline too",
    async () =>
      await page.locator(".timeline .kind").first().innerText() === "Uploaded",
  );
});

test("any restore point can be chosen, and only real ones", async () => {
  await using opened = await open("/about", { clients: 1 });
  const { page, ids, manager, url } = opened;
  for (let n = 0; n < 9; n++) manager.prove(ids[0]!);
  await page.goto(`${url}/clients/${ids[0]}`);
  const slider = page.getByRole("slider", { name: "Restore point" });
  const command = page.locator("#command");
  assert.equal(await slider.getAttribute("max"), "10");
  assert.match(await command.innerText(), /-txid 000000000000000b /);
  await slider.press("ArrowLeft");
  await see(
    "the one before",
    async () => /-txid 000000000000000a /.test(await command.innerText()),
  );
  await slider.press("Home");
  await see(
    "the first",
    async () => /-txid 0000000000000001 /.test(await command.innerText()),
  );
  await page.locator(".strip svg").click();
  await see(
    "by a click",
    async () => !/-txid 0000000000000001 /.test(await command.innerText()),
  );
  await page.getByRole("button", { name: "1 hour" }).click();
  await see(
    "fewer points",
    async () => Number(await slider.getAttribute("max")) < 10,
  );
});

test("a slow bucket keeps nobody waiting: the points come later", async () => {
  await using opened = await open("/about", { clients: 1 });
  const { page, ids, manager, url } = opened;
  const read = manager.restorePoints.bind(manager);
  const { promise, resolve } = Promise.withResolvers<void>();
  manager.restorePoints = async (id, options) => {
    await Promise.race([
      promise,
      new Promise((_, reject) =>
        options.signal.addEventListener(
          "abort",
          () => reject(options.signal.reason),
        )
      ),
    ]);
    return read(id, options);
  };
  await page.goto(`${url}/clients/${ids[0]}`);
  await page.getByText("Reading what the bucket holds").waitFor();
  resolve();
  await page.locator("#command").waitFor();
});

test("the theme is chosen and kept; the system's is the default", async () => {
  await using opened = await open("/", { clients: 2 });
  const { page } = opened;
  const ground = () =>
    page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: "light" });
  const light = await ground();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await ground();
  assert.notEqual(light, dark);
  await page.emulateMedia({ colorScheme: "light" });
  await page.getByRole("button", { name: /Colours/ }).click();
  assert.equal(await ground(), dark);
  await page.reload();
  assert.equal(await ground(), dark);
});

test("no page breaks accessibility rules or its width, wide or narrow, light or dark", async () => {
  await using opened = await open("/", { clients: 70, trouble: true });
  const { page, ids, url, manager } = opened;
  manager.onlyInBucket = { ids: [idOf(7_001), idOf(7_002)], truncated: true };
  manager.audit.note("snapshot", ids.slice(0, 30), "127.0.0.1");
  runUpCosts(manager, ids.slice(0, 20));
  const paths = [
    "/",
    "/?q=nothing",
    `/clients/${ids.at(-7)}`,
    `/clients/${ids.at(-3)}`,
    `/clients/${ids[0]}`,
    "/conflicts",
    "/gone",
    "/bucket",
    "/ignored",
    "/costs",
    "/activity",
    "/about",
  ];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [360, 1_280, 3_840]) {
      await page.setViewportSize({ width, height: 900 });
      for (const path of paths) {
        await page.goto(url + path);
        await page.waitForSelector(".chrome[data-ready=true]");
        const where = `${path} at ${width}, ${colorScheme}`;
        const beyond = await page.evaluate(() =>
          document.documentElement.scrollWidth - innerWidth
        );
        assert.ok(beyond <= 0, `${where} is ${beyond} px too wide`);
        if (width === 3_840) continue;
        assert.deepEqual(await breaches(page), [], where);
      }
    }
  }
});

test("a page that is not there says so and leads back", async () => {
  await using opened = await open("/", { clients: 1 });
  const { page, url } = opened;
  const response = await page.goto(`${url}/clients/nobody`);
  assert.equal(response?.status(), 404);
  assert.match(
    await page.locator("main").innerText(),
    /"nobody" is no client id/,
  );
  assert.ok(response?.headers()["content-security-policy"]);
  await page.getByRole("link", { name: "Go to the clients" }).click();
  await page.waitForURL(`${url}/`);
  browser.complaints.splice(0);
});
