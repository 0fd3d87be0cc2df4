/** Fills a buffer from a file as far as that goes; returns how many bytes it got. */
export async function fill(
  file: Deno.FsFile,
  into: Uint8Array,
): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const count = await file.read(into.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return filled;
}

/** {@linkcode fill} without waiting, for what is small: to wait would cost more. */
export function fillNow(file: Deno.FsFile, into: Uint8Array): number {
  let filled = 0;
  while (filled < into.length) {
    const count = file.readSync(into.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return filled;
}
