import type { ReplicaTarget } from "../domain/replica_target.ts";
import { ReplicaError } from "./replica_error.ts";

type S3Target = Extract<ReplicaTarget, { kind: "s3" }>;

/** Something answered that is no S3 store. */
export class NotS3Error extends Error {
  override readonly name = "NotS3Error";

  constructor() {
    super("the answer is no S3 listing");
  }
}

interface Told {
  readonly what: string;
  readonly hint: string;
}

/** Turns what the SDK threw into one sentence and what to do. */
export function explainS3Error(
  action: string,
  error: unknown,
  target: S3Target,
): ReplicaError {
  if (error instanceof ReplicaError) return error;
  const { what, hint } = tell(error, target);
  return new ReplicaError(`${action}: ${what}`, { hint, cause: error });
}

function tell(error: unknown, target: S3Target): Told {
  const { name, code, status, message, fromStore } = facts(error);
  const where = target.endpoint ?? "Amazon S3";
  switch (name) {
    case "NoSuchBucket":
      return {
        what: `bucket "${target.bucket}" does not exist at ${where}`,
        hint: "create the bucket, or correct its name or the endpoint",
      };
    case "InvalidAccessKeyId":
    case "SignatureDoesNotMatch":
      return {
        what: `${where} does not accept the access key or its secret`,
        hint:
          "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to a key of this store",
      };
    case "ExpiredToken":
    case "ExpiredTokenException":
    case "TokenRefreshRequired":
      return {
        what: "the credentials have expired",
        hint: "renew them, then start again",
      };
    case "CredentialsProviderError":
      return {
        what: "there are no credentials",
        hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
      };
    case "RequestTimeTooSkewed":
      return {
        what: "the clock of this machine is wrong",
        hint: "set the clock",
      };
    case "PermanentRedirect":
    case "AuthorizationHeaderMalformed":
      return {
        what: `bucket "${target.bucket}" is in another region`,
        hint: "name its region with --region",
      };
    case "TimeoutError":
      return {
        what: `${where} does not answer in time`,
        hint: "check the endpoint and the network",
      };
    case "SlowDown":
      return {
        what: `${where} asks for fewer requests`,
        hint: "try again later",
      };
    case "NotS3Error":
      return notS3(where);
  }
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return {
        what: `the host of ${where} is not known`,
        hint: "check the endpoint and the name service",
      };
    case "ECONNREFUSED":
    case "ECONNRESET":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EPIPE":
    case "ETIMEDOUT":
      return {
        what: `${where} cannot be reached (${code})`,
        hint: "check the endpoint, the network, and that the store runs",
      };
  }
  if (status === 403 || status === 401) {
    return {
      what: `access to bucket "${target.bucket}" is denied`,
      hint: "allow this key s3:ListBucket and s3:GetObject on the bucket",
    };
  }
  if (status !== undefined && status < 500 && !fromStore) return notS3(where);
  return {
    what: fromStore ? `${where} answers ${name} (${message})` : message,
    hint: "check the endpoint and the store's own log",
  };
}

function notS3(where: string): Told {
  return {
    what: `what answers at ${where} is no S3 store`,
    hint: "correct the endpoint",
  };
}

function facts(error: unknown): {
  readonly name: string;
  readonly code: string | undefined;
  readonly status: number | undefined;
  readonly message: string;
  /** The store answered with an error in S3's own form. */
  readonly fromStore: boolean;
} {
  if (!(error instanceof Error)) {
    return {
      name: "",
      code: undefined,
      status: undefined,
      message: String(error),
      fromStore: false,
    };
  }
  const { code, Code, $metadata } = error as Error & {
    code?: unknown;
    Code?: unknown;
    $metadata?: { httpStatusCode?: number };
  };
  return {
    name: error.name,
    code: typeof code === "string" ? code : undefined,
    status: $metadata?.httpStatusCode,
    message: error.message.replaceAll(/\s+/g, " ").replace(/\.$/, ""),
    fromStore: typeof Code === "string",
  };
}
