import assert from "node:assert/strict";
import { App } from "./app.ts";
import { csrf, staticFiles } from "./middlewares.ts";

const app = new App().use(staticFiles()).use(csrf()).use(() =>
  new Response("done")
);
app.snapshot = {
  routes: {},
  islands: {},
  script: "/islands-0.js",
  files: { "styles.css": "a{}", "islands-0.js": "1", "icon.svg": "<svg/>" },
};
const handler = app.handler();
const ask = async (path: string, init?: RequestInit) => {
  const response = await handler(
    new Request(`http://localhost:8080${path}`, init),
  );
  return { response, text: await response.text() };
};

Deno.test("static files have their type and are asked for again, scripts are kept", async () => {
  const cases = [
    ["/styles.css", "text/css; charset=utf-8", "no-cache"],
    ["/icon.svg", "image/svg+xml", "no-cache"],
    [
      "/islands-0.js",
      "text/javascript; charset=utf-8",
      "public, max-age=31536000, immutable",
    ],
  ] as const;
  for (const [path, type, cache] of cases) {
    const { response } = await ask(path);
    assert.equal(response.headers.get("Content-Type"), type);
    assert.equal(response.headers.get("Cache-Control"), cache);
  }
});

Deno.test("an unchanged file is not sent again", async () => {
  const { response } = await ask("/styles.css");
  const etag = response.headers.get("ETag");
  assert.ok(etag);
  const again = await ask("/styles.css", {
    headers: { "If-None-Match": etag },
  });
  assert.equal(again.response.status, 304);
  assert.equal(again.text, "");
});

Deno.test("what is no file goes on, also names that objects have", async () => {
  for (const path of ["/constructor", "/..%2fmain.ts", "/__proto__"]) {
    assert.equal((await ask(path)).text, "done", path);
  }
});

Deno.test("only our own pages, and programs, may change something", async () => {
  const cases: [Record<string, string>, number][] = [
    [{}, 200],
    [{ Origin: "http://localhost:8080" }, 200],
    [{ Origin: "http://evil.example" }, 403],
    [{ Origin: "null" }, 403],
    [{ "Sec-Fetch-Site": "same-origin", Origin: "null" }, 200],
    [{ "Sec-Fetch-Site": "none" }, 200],
    [{ "Sec-Fetch-Site": "cross-site" }, 403],
    [{ "Sec-Fetch-Site": "same-site", Origin: "http://localhost:1" }, 403],
  ];
  for (const [headers, status] of cases) {
    const { response } = await ask("/act", { method: "POST", headers });
    assert.equal(response.status, status, JSON.stringify(headers));
    const { response: read } = await ask("/act", { headers });
    assert.equal(read.status, 200);
  }
});
