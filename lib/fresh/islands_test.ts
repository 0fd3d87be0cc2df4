import assert from "node:assert/strict";
import { signal } from "@preact/signals";
import { parse } from "devalue";
import { type FunctionComponent, h } from "preact";
import { renderDocument } from "./islands.ts";

const Island: FunctionComponent<{ text: string; count: unknown }> = (
  { text },
) => h("b", null, text);
const Outer: FunctionComponent = () =>
  h("i", null, h(Island, { text: "inner", count: 0 }));
const snapshot = {
  routes: {},
  islands: { Island, Outer },
  script: "/islands-0.js",
  files: {},
};
/** Renders as a page does: what is on it is made while it renders. */
const render = (Page: FunctionComponent) =>
  renderDocument(h("html", null, h("body", null, h(Page, null))), snapshot);

Deno.test("an island stands between comments, its props in the page", () => {
  const html = render(() =>
    h("p", null, h(Island, { text: "</script><!--", count: signal(3) }))
  );
  assert.match(
    html,
    /<p><!--frsh:island:Island:0--><b>.*<\/b><!--\/frsh:island--><\/p>/,
  );
  const state = /type="application\/json">(.*?)<\/script>/.exec(html)?.[1];
  assert.ok(state && !state.includes("<"));
  const [props] = parse(state, { Signal: ([value]) => ({ signal: value }) });
  assert.deepEqual(props, { text: "</script><!--", count: { signal: 3 } });
  assert.ok(html.includes('src="/islands-0.js"'));
});

Deno.test("an island within an island belongs to the outer one", () => {
  const html = render(() => h(Outer, null));
  assert.equal(html.match(/<!--frsh:island/g)?.length, 1);
  assert.match(html, /<i><b>inner<\/b><\/i>/);
});

Deno.test("a page without islands has no script", () => {
  assert.ok(!render(() => h("p", null, "plain")).includes("<script"));
});

Deno.test("a page after one that failed to render is whole again", () => {
  const Broken: FunctionComponent = () => {
    throw new Error("broken");
  };
  assert.throws(() => render(Broken), /broken/);
  assert.ok(!render(() => h("p", null, "plain")).includes("frsh:island"));
});
