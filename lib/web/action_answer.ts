/**
 * Answers an action: a script gets JSON; a browser that sent a form goes back
 * to the page it came from.
 */
export function actionAnswer(req: Request, result: unknown): Response {
  const type = req.headers.get("Content-Type") ?? "";
  const accept = req.headers.get("Accept") ?? "";
  if (!/^application\/json\b/.test(type) && accept.includes("text/html")) {
    return new Response(null, {
      status: 303,
      headers: { Location: backFrom(req) },
    });
  }
  return Response.json(result, { headers: { "Cache-Control": "no-store" } });
}

/** The path that the browser came from, if it was ours. */
function backFrom({ url, headers }: Request): string {
  const from = URL.parse(headers.get("Referer") ?? "");
  return from !== null && from.host === new URL(url).host
    ? from.pathname + from.search
    : "/";
}
