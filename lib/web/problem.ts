import { HttpError, type Middleware } from "fresh";
import { STATUS_CODES } from "node:http";
import { ParamError } from "../feed/query_params.ts";

/** An error as RFC 9457 wants it. */
export interface Problem {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
}

/** Answers with what went wrong, for programs. */
export function problemResponse(
  status: number,
  detail: string,
  instance: string,
): Response {
  const title = STATUS_CODES[status] ?? "Error";
  const problem: Problem = {
    type: "about:blank",
    title,
    status,
    detail: detail || title,
    instance,
  };
  const headers = new Headers({ "Content-Type": "application/problem+json" });
  if (status === 503) headers.set("Retry-After", "2");
  return Response.json(problem, { status, headers });
}

/** The HTTP status that an error stands for. */
export function statusOfError(error: unknown): number {
  if (error instanceof HttpError) return error.status;
  if (error instanceof ParamError) return 400;
  if (!(error instanceof Error)) return 500;
  if (error.name === "ReplicaError") return 502;
  return error.name === "TimeoutError" ? 504 : 500;
}

/** An error's message, with what to do about it where it says so. */
export function messageOf(error: Error): string {
  return "hint" in error && typeof error.hint === "string"
    ? `${error.message}. ${error.hint[0]?.toUpperCase()}${error.hint.slice(1)}`
    : error.message;
}

/**
 * Turns errors below `/api/` into problem JSON. What nobody expected is told to
 * `onError` and not to the browser.
 */
export function problems<State>(
  onError: (error: unknown) => void,
): Middleware<State> {
  return async (ctx) => {
    const { pathname } = ctx.url;
    if (!/^\/(api\/|healthz$|readyz$)/.test(pathname)) return await ctx.next();
    try {
      return await ctx.next();
    } catch (error) {
      const status = statusOfError(error);
      if (status === 500) onError(error);
      const detail = status === 500 || !(error instanceof Error)
        ? "This is a fault of the manager; its log says more"
        : messageOf(error);
      return problemResponse(status, detail, pathname);
    }
  };
}
