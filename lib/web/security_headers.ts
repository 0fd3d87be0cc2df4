import type { Middleware } from "fresh";

/** Where Fresh keeps the nonce of the inline scripts that it wrote. */
const NONCE = Symbol.for("__freshNonce");

const HEADERS = {
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
} as const;

/** Lets pages load nothing but what this server sends. */
export function securityHeaders<State>(): Middleware<State> {
  return async (ctx) => {
    const response = await ctx.next();
    const nonce = (response as { [NONCE]?: string })[NONCE];
    setSecurityHeaders(response.headers, nonce);
    return response;
  };
}

/** For responses that no middleware sees: the error page. */
export function setSecurityHeaders(headers: Headers, nonce?: string): void {
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const script = nonce ? `'self' 'nonce-${nonce}'` : "'self'";
  headers.set(
    "Content-Security-Policy",
    `default-src 'self'; script-src ${script}; object-src 'none'; ` +
      "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  );
}
