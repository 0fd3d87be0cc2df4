/**
 * Has a page of an index point past its end, in a database that nobody has open:
 * SQLite's check finds it, Litestream does not look.
 */
export function damageIndex(path: string): void {
  const bytes = Deno.readFileSync(path);
  const view = new DataView(bytes.buffer);
  const pageSize = view.getUint16(16);
  for (let at = pageSize; at < bytes.length; at += pageSize) {
    const isIndexLeaf = bytes[at] === 0x0a && view.getUint16(at + 3) > 4;
    if (!isIndexLeaf) continue;
    view.setUint16(at + 8, 0xffff);
    Deno.writeFileSync(path, bytes);
    return;
  }
  throw new Error(`No page of an index in "${path}"`);
}
