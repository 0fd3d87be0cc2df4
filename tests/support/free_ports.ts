/**
 * Ports that are free now, side by side, below the range that systems give to
 * outgoing connections, so that they are likely to stay free.
 *
 * @param also ports that must be free too, as distances from the first
 */
export function freePorts(
  count: number,
  also: readonly number[] = [],
): number[] {
  for (let attempt = 0; attempt < 200; attempt++) {
    const first = 11_000 + Math.floor(Math.random() * 9_000);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if ([...ports, ...also.map((more) => first + more)].every(isFree)) {
      return ports;
    }
  }
  throw new Error(`Cannot find ${count} free ports between 11000 and 20000`);
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
