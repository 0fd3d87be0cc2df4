/** A replica could not be reached or read; said in one line, with what to do. */
export class ReplicaError extends Error {
  override readonly name = "ReplicaError";
  /** What a person can do about it, where we know. */
  readonly hint: string | null;

  constructor(
    message: string,
    { hint = null, cause }: { hint?: string | null; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.hint = hint;
  }
}
