/** The operator asked for something that cannot be; one line that says what can. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
