import { HttpError, type Middleware } from "fresh";
import { isIP } from "node:net";

/**
 * Refuses requests that name a host which is not ours (421). A page elsewhere
 * may let its own name point to this machine and would then be of the same
 * origin (DNS rebinding); it needs a name for that, so addresses are safe, and
 * so are names that the operator gave.
 */
export function hostGuard<State>(
  names: () => readonly string[],
): Middleware<State> {
  return (ctx) => {
    const { hostname } = ctx.url;
    if (isOwnHost(hostname, names())) return ctx.next();
    throw new HttpError(
      421,
      `Cannot answer for host "${hostname}": open this page by address, or start with --host ${hostname}`,
    );
  };
}

/** Whether a URL's host name may be ours. */
export function isOwnHost(
  hostname: string,
  names: readonly string[],
): boolean {
  const name = hostname.toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") ||
    isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0 ||
    names.some((own) => own.toLowerCase() === name);
}
