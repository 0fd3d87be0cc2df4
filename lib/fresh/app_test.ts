import assert from "node:assert/strict";
import { h } from "preact";
import { App } from "./app.ts";
import type { RouteModule } from "./context.ts";
import { page } from "./handlers.ts";
import { HttpError } from "./http_error.ts";

interface State {
  seen?: string;
}

function appWith(routes: Record<string, RouteModule<State>>) {
  const app = new App<State>().use((ctx) => {
    ctx.state.seen = "by middleware";
    return ctx.next();
  }).fsRoutes();
  app.snapshot = { routes, islands: {}, script: "", files: {} };
  const handler = app.handler();
  return (path: string, init?: RequestInit) =>
    handler(new Request(`http://localhost${path}`, init));
}

const text = (text: string): RouteModule<State> => ({
  handler: { GET: () => new Response(text) },
});

Deno.test("a name goes before a parameter, whatever the order of the files", async () => {
  const ask = appWith({
    "clients/[id]": {
      handler: { GET: ({ params }) => new Response(`id ${params.id}`) },
    },
    "clients/new": text("new"),
    "clients/index": text("list"),
    index: text("front"),
  });
  const cases = [
    ["/", "front"],
    ["/clients", "list"],
    ["//clients", "list"],
    ["/clients/new", "new"],
    ["/clients/a%20b%2Fc", "id a b/c"],
  ] as const;
  for (const [path, expected] of cases) {
    const response = await ask(path);
    assert.equal(await response.text(), expected, path);
  }
});

Deno.test("an unknown path is 404, an unknown method 405, a bad escape 400", async () => {
  const ask = appWith({
    index: text("front"),
    "[id]": {
      handler: { GET: ({ params }) => new Response(params.id ?? "") },
    },
  });
  const cases = [
    ["/a/b", "GET", 404],
    ["/", "DELETE", 405],
    ["/%E0%A4%A", "GET", 400],
  ] as const;
  for (const [path, method, status] of cases) {
    const response = await ask(path, { method });
    await response.body?.cancel();
    assert.equal(response.status, status, `${method} ${path}`);
  }
});

Deno.test("HEAD is GET without its body", async () => {
  const ask = appWith({ index: text("front") });
  const response = await ask("/", { method: "HEAD" });
  assert.equal(response.status, 200);
  assert.equal(await response.text(), "");
});

Deno.test("a page is rendered inside the app wrapper with its data", async () => {
  const ask = appWith({
    _app: {
      default: ({ Component }) =>
        h("html", null, h("body", null, h(Component, null))),
    },
    index: {
      handler: {
        GET: ({ state }) =>
          page({ said: state.seen }, { status: 201, headers: { "X-A": "b" } }),
      },
      default: ({ data }) => h("p", null, (data as { said: string }).said),
    },
  });
  const response = await ask("/");
  assert.equal(response.status, 201);
  assert.equal(response.headers.get("X-A"), "b");
  assert.equal(
    await response.text(),
    "<!DOCTYPE html><html><body><p>by middleware</p></body></html>",
  );
});

Deno.test("the error page is told the error and keeps its status", async () => {
  const ask = appWith({
    _error: {
      handler: (ctx) =>
        page(null, { headers: { "X-Handled": String(ctx.error) } }),
      default: ({ error }) => h("h1", null, (error as HttpError).message),
    },
    index: {
      handler: {
        POST: () => {
          throw new HttpError(409, "Taken");
        },
      },
    },
  });
  const response = await ask("/", { method: "POST" });
  assert.equal(response.status, 409);
  assert.equal(response.headers.get("X-Handled"), "HttpError: Taken");
  assert.match(await response.text(), /<h1>Taken<\/h1>/);
});

Deno.test("without an error page an error is its message in plain text", async () => {
  const ask = appWith({
    index: {
      handler: {
        GET: () => {
          throw new HttpError(503, "Starting");
        },
      },
    },
  });
  const response = await ask("/");
  assert.equal(response.status, 503);
  assert.equal(await response.text(), "Starting");
});

Deno.test("a redirect by path never leaves the host", async () => {
  const ask = appWith({
    index: {
      handler: {
        GET: (ctx) => ctx.redirect(ctx.url.searchParams.get("to") ?? ""),
      },
    },
  });
  const cases = [
    ["/a?b=//c", "/a?b=//c"],
    ["//evil.example/a", "/evil.example/a"],
    ["/\\evil.example", "/evil.example"],
    ["https://example.org/", "https://example.org/"],
  ] as const;
  for (const [to, expected] of cases) {
    const response = await ask(`/?to=${encodeURIComponent(to)}`);
    assert.equal(response.headers.get("location"), expected);
  }
});
