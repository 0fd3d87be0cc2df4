/** Trouble that is not one client's; told once, and once more when it is over. */
export type DiscoveryTrouble =
  | {
    /** A folder's path, or `inotify`. */
    readonly subject: string;
    readonly message: string;
    /** What a person can do about it, where we know. */
    readonly hint: string | null;
  }
  | { readonly subject: string; readonly cleared: true };

/** So many subjects are told of at a time; more would drown them. */
const MAX_SUBJECTS = 100;

/** Remembers which trouble was told, so that it is told only when it changes. */
export class Troubles {
  readonly #tell: (trouble: DiscoveryTrouble) => void;
  readonly #standing = new Map<string, string>();

  constructor(tell: (trouble: DiscoveryTrouble) => void) {
    this.#tell = tell;
  }

  report(subject: string, message: string, hint: string | null): void {
    const old = this.#standing.get(subject);
    const text = `${message}; ${hint}`;
    if (old === text) return;
    if (old === undefined && this.#standing.size >= MAX_SUBJECTS) return;
    this.#standing.set(subject, text);
    this.#tell({ subject, message, hint });
  }

  clear(subject: string): void {
    if (this.#standing.delete(subject)) this.#tell({ subject, cleared: true });
  }
}

/** A system error's code, such as `EACCES`; empty when it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" ? code : "";
}

/** A system error in a few words, without the path and the call. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "EIO") return "the disk reports an input/output error";
  if (code !== "") return code;
  return error instanceof Error ? error.message : String(error);
}
