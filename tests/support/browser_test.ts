import assert from "node:assert/strict";
import { TestBrowser } from "./browser.ts";
import { until } from "./until.ts";

Deno.test("the browser shows a page and keeps what it complains of", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () =>
      new Response(
        `<!doctype html><link rel="icon" href="data:,"><h1>Hello</h1>
         <script>console.error("a complaint"); throw new Error("an exception")</script>`,
        { headers: { "Content-Type": "text/html" } },
      ),
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  await using browser = await TestBrowser.start();
  const still = await browser.page({ javaScriptEnabled: false });
  await still.goto(url);
  assert.equal(await still.locator("h1").textContent(), "Hello");
  assert.deepEqual(browser.complaints, []);
  await (await browser.page()).goto(url);
  await until("both are told", () => browser.complaints.length === 2);
  assert.deepEqual(browser.complaints.toSorted(), [
    "error: a complaint",
    "exception: Error: an exception",
  ]);
});
