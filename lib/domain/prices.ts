/** What requests cost, in dollars for 1,000. Deleting is free at every price. */
export interface Prices {
  /** Requests that write or list: PUT, POST, LIST. */
  readonly put: number;
  /** All others that are not free: GET, HEAD. */
  readonly get: number;
}

/** List prices of S3 Standard in us-east-1. */
export const LIST_PRICES: Prices = { put: 0.005, get: 0.0004 };

/** How a request is counted; `LIST` stands for a GET that lists. */
export function priceOf(method: string): keyof Prices | "free" {
  switch (method) {
    case "DELETE":
      return "free";
    case "GET":
    case "HEAD":
      return "get";
    default:
      // Whatever is not known counts at the dearer price.
      return "put";
  }
}
