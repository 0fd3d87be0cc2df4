import { page } from "fresh";
import { STATUS_CODES } from "node:http";
import { statusOfError } from "../lib/web/problem.ts";
import { setSecurityHeaders } from "../lib/web/security_headers.ts";
import { define } from "../lib/web/state.ts";

/** Middlewares do not see this answer, so it gets its headers here. */
export const handler = define.handlers((ctx) => {
  const status = statusOfError(ctx.error);
  const headers = new Headers();
  setSecurityHeaders(headers);
  if (status === 503) headers.set("Refresh", "2");
  return page({ status }, { status, headers });
});

export default define.page<typeof handler>(({ data, error, url }) => {
  const { status } = data;
  const message = status < 500 || status === 503
    ? error instanceof Error ? error.message : ""
    : "This is a fault of the manager; its log says more.";
  return (
    <section class="error">
      <p class="code">{status}</p>
      <h1>{STATUS_CODES[status] ?? "Error"}</h1>
      <p>{message || `There is nothing at ${url.pathname}.`}</p>
      {status !== 503 && (
        <p>
          <a href="/">Go to the clients</a>
        </p>
      )}
    </section>
  );
});
