/** Variables that the daemon needs to reach S3, by name or by beginning. */
const PASSED = [
  "AWS_",
  "HOME",
  "PATH",
  "TMPDIR",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
];

export interface ChildEnvironmentOptions {
  /**
   * Bound of the Go heap in MiB: 500 databases that are open need 200, and below
   * that the collector would be busy all the time. @default {512}
   */
  readonly memoryMiB?: number;
  /** Wins over AWS_REGION: the bucket's own. */
  readonly region?: string | null;
}

/**
 * The environment for Litestream: what it needs of ours and nothing else. A
 * child without one would inherit all of it.
 */
export function childEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  { memoryMiB = 512, region = null }: ChildEnvironmentOptions = {},
): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && PASSED.some((start) => name.startsWith(start))) {
      passed[name] = value;
    }
  }
  // Litestream's S3 client refuses every request with this variable set
  // ("unable to add custom RootCAs"); Go reads the other one itself.
  const bundle = passed.AWS_CA_BUNDLE;
  delete passed.AWS_CA_BUNDLE;
  if (bundle !== undefined) passed.SSL_CERT_FILE ??= bundle;
  if (region !== null) passed.AWS_REGION = region;
  // First backups make much garbage: collecting it half as often saves a tenth
  // of their time. One that sleeps with all its clients is replaced anyway.
  passed.GOGC = "200";
  passed.GOMEMLIMIT = `${memoryMiB}MiB`;
  return passed;
}
