import assert from "node:assert/strict";
import { childEnvironment } from "./child_environment.ts";

const bound = { GOGC: "200", GOMEMLIMIT: "512MiB" };

const cases: [
  name: string,
  env: Record<string, string | undefined>,
  options: Parameters<typeof childEnvironment>[1],
  expected: Record<string, string>,
][] = [
  ["nothing but the bound of memory", {}, {}, bound],
  [
    "what is not needed is left out",
    { EDITOR: "vi", DENO_DIR: "/d" },
    {},
    bound,
  ],
  [
    "credentials, proxies and folders are passed",
    {
      AWS_ACCESS_KEY_ID: "id",
      AWS_PROFILE: "work",
      HTTPS_PROXY: "http://proxy",
      no_proxy: "localhost",
      HOME: "/home/me",
      PATH: "/bin",
    },
    {},
    {
      ...bound,
      AWS_ACCESS_KEY_ID: "id",
      AWS_PROFILE: "work",
      HTTPS_PROXY: "http://proxy",
      no_proxy: "localhost",
      HOME: "/home/me",
      PATH: "/bin",
    },
  ],
  ["a variable without a value is none", { AWS_PROFILE: undefined }, {}, bound],
  [
    "AWS_CA_BUNDLE breaks Litestream and becomes SSL_CERT_FILE",
    { AWS_CA_BUNDLE: "/ca.pem" },
    {},
    { ...bound, SSL_CERT_FILE: "/ca.pem" },
  ],
  [
    "SSL_CERT_FILE wins over AWS_CA_BUNDLE",
    { AWS_CA_BUNDLE: "/ca.pem", SSL_CERT_FILE: "/mine.pem" },
    {},
    { ...bound, SSL_CERT_FILE: "/mine.pem" },
  ],
  [
    "the bucket's region wins over AWS_REGION",
    { AWS_REGION: "us-east-1" },
    { region: "eu-west-1" },
    { ...bound, AWS_REGION: "eu-west-1" },
  ],
  [
    "without one of its own AWS_REGION stays",
    { AWS_REGION: "us-east-1" },
    { region: null },
    { ...bound, AWS_REGION: "us-east-1" },
  ],
  [
    "the bound of memory is ours",
    { GOMEMLIMIT: "9GiB" },
    { memoryMiB: 64 },
    { ...bound, GOMEMLIMIT: "64MiB" },
  ],
];

for (const [name, env, options, expected] of cases) {
  Deno.test(`environment of Litestream: ${name}`, () => {
    const before = { ...env };
    assert.deepEqual(childEnvironment(env, options), expected);
    assert.deepEqual(env, before);
  });
}
