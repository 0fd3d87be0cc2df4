/**
 * Litestream ended by itself and said why. What else may happen to a child process,
 * such as a kill or a program that is not there, is no such error.
 */
export class LitestreamError extends Error {
  override readonly name = "LitestreamError";
}
