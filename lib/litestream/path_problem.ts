/**
 * Why Litestream cannot be given a database; null when it can. It puts the path
 * into a URI unescaped ("file:PATH?_pragma=…"), so that with these characters
 * SQLite would open, or even make, a file other than the one that is replicated.
 */
export function pathProblem(path: string): string | null {
  const odd = /[?#]|%[0-9a-f]{2}/i.exec(path)?.[0];
  return odd === undefined
    ? null
    : `Litestream cannot open a path with "${odd}" in it`;
}
