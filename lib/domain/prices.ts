/** What the bucket's owner charges, in dollars. Deleting is free at every price. */
export interface Prices {
  /** 1,000 requests that write or list: PUT, POST, LIST. */
  readonly put: number;
  /** 1,000 of all others that are not free: GET, HEAD. */
  readonly get: number;
  /** A GB that is kept for a month. */
  readonly storage: number;
  /** A GB that is uploaded. */
  readonly transfer: number;
}

/** How a request is charged. */
export type RequestPrice = "put" | "get";

/** List prices of S3 Standard in us-east-1, where uploading is free. */
export const LIST_PRICES: Prices = {
  put: 0.005,
  get: 0.0004,
  storage: 0.023,
  transfer: 0,
};

/** The GB of Amazon's bills. */
export const GB: number = 2 ** 30;

/** How a request is counted; `LIST` stands for a GET that lists. */
export function priceOf(method: string): RequestPrice | "free" {
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
