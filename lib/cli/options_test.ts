import assert from "node:assert/strict";
import { resolve } from "node:path";
import type { Config } from "../config.ts";
import { LIST_PRICES } from "../domain/prices.ts";
import { readFlags } from "./flags.ts";
import { parseConfig, UsageError } from "./options.ts";
import { SETTINGS } from "./settings.ts";
import { PROGRAM_VERSION } from "./version.ts";

const HOME = { HOME: "/home/ann" };
const REQUIRED = ["--watch-dir", "/data", "--bucket", "my-bucket"];

interface Given {
  args?: string[];
  env?: Record<string, string>;
  /** What `manager.yml` says; it is named by --config then. */
  yaml?: string;
}

function parse({ args = [], env = {}, yaml }: Given): Promise<Config> {
  const config = yaml === undefined ? [] : ["--config", "manager.yml"];
  return parseConfig([...args, ...config], { ...HOME, ...env }, (path) => {
    if (path !== "manager.yml" || yaml === undefined) {
      throw new Deno.errors.NotFound(path);
    }
    return Promise.resolve(yaml);
  });
}

Deno.test("defaults", async () => {
  assert.deepEqual(await parse({ args: REQUIRED }), {
    watchDirs: ["/data"],
    target: {
      kind: "s3",
      bucket: "my-bucket",
      prefix: "databases",
      endpoint: null,
      region: null,
    },
    bucket: "my-bucket",
    host: "127.0.0.1",
    port: 8080,
    stateDir: "/home/ann/.local/state/litestream-manager",
    rpoMs: 60_000,
    idleAfterMs: 45_000,
    maxAwake: 256,
    drillsPerDay: 100,
    retentionMs: 7 * 24 * 3_600_000,
    litestream: null,
    prices: { put: 0.005, get: 0.0004, storage: 0.023, transfer: 0 },
    logFormat: "text",
  });
});

/** Each gives a part of the configuration; what is required stands before. */
const understood: [string, Given, Partial<Config>][] = [
  ["relative folders become absolute", { args: ["--watch-dir", "data"] }, {
    watchDirs: ["/data", resolve("data")],
  }],
  ["commas and repetition", {
    args: ["--watch-dir=/a, /b,", "--watch-dir", "/c"],
  }, {
    watchDirs: ["/data", "/a", "/b", "/c"],
  }],
  ["the same folder twice", {
    args: ["--watch-dir", "/data/", "--watch-dir", "/x"],
  }, {
    watchDirs: ["/data", "/x"],
  }],
  ["a hidden folder of a watched one", { args: ["--watch-dir", "/data/.b"] }, {
    watchDirs: ["/data", "/data/.b"],
  }],
  ["a folder whose name begins alike", { args: ["--watch-dir", "/data2"] }, {
    watchDirs: ["/data", "/data2"],
  }],
  ["one dash", { args: ["-port", "9", "-bucket=other"] }, {
    port: 9,
    bucket: "other",
  }],
  ["port 0", { args: ["--port", "0"] }, { port: 0 }],
  ["the last one counts", { args: ["--port", "1", "--port", "2"] }, {
    port: 2,
  }],
  ["IPv6", { args: ["--host", "[::1]"] }, { host: "::1" }],
  ["durations", {
    args: ["--rpo", "1h30m", "--idle-after", "5m", "--retention", "30d"],
  }, { rpoMs: 5_400_000, idleAfterMs: 300_000, retentionMs: 2_592_000_000 }],
  ["the rest", {
    args: [
      ..."--max-awake 16 --litestream bin/litestream".split(" "),
      ..."--drills 0".split(" "),
      ..."--log-format json --state-dir state".split(" "),
    ],
  }, {
    maxAwake: 16,
    drillsPerDay: 0,
    litestream: resolve("bin/litestream"),
    logFormat: "json",
    stateDir: resolve("state"),
  }],
  ["a program for PATH to find", { args: ["--litestream", "ls"] }, {
    litestream: "ls",
  }],
  ["systemd's state folder", { env: { STATE_DIRECTORY: "/var/lib/lm" } }, {
    stateDir: "/var/lib/lm",
  }],
  ["the XDG state folder", { env: { XDG_STATE_HOME: "/x" } }, {
    stateDir: "/x/litestream-manager",
  }],
  ["a relative XDG folder is ignored", { env: { XDG_STATE_HOME: "x" } }, {
    stateDir: "/home/ann/.local/state/litestream-manager",
  }],
  ["an empty variable is none", { env: { LITESTREAM_MANAGER_PORT: "" } }, {
    port: 8080,
  }],
  ["a variable", { env: { LITESTREAM_MANAGER_MAX_AWAKE: "3" } }, {
    maxAwake: 3,
  }],
  ["a seam of the tests", { env: { LITESTREAM_MANAGER_TEST_X: "1" } }, {}],
  ["YAML", { yaml: "port: 81\nrpo: 5s\nhost: 0.0.0.0\nregion:\n" }, {
    port: 81,
    rpoMs: 5_000,
    host: "0.0.0.0",
  }],
  ["prices in YAML", {
    yaml:
      "prices:\n  put: 0.004\n  get: 0\n  storage: 0.006\n  transfer: 0.09\n",
  }, {
    prices: { put: 0.004, get: 0, storage: 0.006, transfer: 0.09 },
  }],
  ["one price in YAML", { yaml: "prices: {get: .0003}" }, {
    prices: { ...LIST_PRICES, get: 0.0003 },
  }],
  ["no prices in YAML", { yaml: "prices:" }, { prices: LIST_PRICES }],
  ["prices of bytes as flag and variable", {
    args: ["--price-storage", "0.0125"],
    env: { LITESTREAM_MANAGER_PRICE_TRANSFER: "0.02" },
  }, { prices: { ...LIST_PRICES, storage: 0.0125, transfer: 0.02 } }],
  ["a price as a flag wins", {
    args: ["--price-put", "0.01"],
    yaml: "prices: {put: 0.004}",
  }, { prices: { ...LIST_PRICES, put: 0.01 } }],
  ["an empty file", { yaml: "# nothing\n" }, { port: 8080 }],
  ["a variable wins over YAML", {
    yaml: "port: 81\nmax-awake: 9",
    env: { LITESTREAM_MANAGER_PORT: "82" },
  }, { port: 82, maxAwake: 9 }],
  ["a flag wins over both", {
    args: ["--port", "83"],
    yaml: "port: 81",
    env: { LITESTREAM_MANAGER_PORT: "82" },
  }, { port: 83 }],
];

for (const [name, given, expected] of understood) {
  Deno.test(`understood: ${name}`, async () => {
    const args = [...REQUIRED, ...given.args ?? []];
    const config = await parse({ ...given, args });
    assert.deepEqual({ ...config, ...expected }, config);
  });
}

Deno.test("all of it from a YAML file, whose list may hold commas", async () => {
  const { watchDirs, bucket } = await parse({
    yaml: 'watch-dir:\n  - /a\n  - "/b"\nbucket: s3://x-y/z\n',
  });
  assert.deepEqual({ watchDirs, bucket }, {
    watchDirs: ["/a", "/b"],
    bucket: "s3://x-y/z",
  });
});

Deno.test("a file that a variable names", async () => {
  const env = { ...HOME, LITESTREAM_MANAGER_CONFIG: "/etc/m.yml" };
  const config = await parseConfig([], env, (path) => {
    assert.equal(path, "/etc/m.yml");
    return Promise.resolve("watch-dir: /a,/b\nbucket: xyz");
  });
  assert.deepEqual(config.watchDirs, ["/a", "/b"]);
});

const targets: [string[], Record<string, string>, Config["target"]][] = [
  [["s3://x-y"], {}, s3("x-y", "databases")],
  [["s3://x-y/"], {}, s3("x-y", "databases")],
  [["s3://x-y/foo/bar/"], {}, s3("x-y", "foo/bar/databases")],
  [["s3://x-y/foo", "--prefix", "/a/b/"], {}, s3("x-y", "foo/a/b")],
  [["s3://x-y/foo", "--prefix", ""], {}, s3("x-y", "foo")],
  [["xyz", "--prefix="], {}, s3("xyz", "")],
  [
    ["xyz"],
    { AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "us-east-1" },
    s3("xyz", "databases", { region: "eu-west-1" }),
  ],
  [
    ["xyz"],
    { AWS_DEFAULT_REGION: "auto" },
    s3("xyz", "databases", { region: "auto" }),
  ],
  [
    ["xyz", "--region", "sa-east-1"],
    { AWS_REGION: "eu-west-1" },
    s3("xyz", "databases", { region: "sa-east-1" }),
  ],
  [["xyz"], {
    AWS_ENDPOINT_URL_S3: "http://a:1/",
    AWS_ENDPOINT_URL: "http://b",
  }, s3("xyz", "databases", { endpoint: "http://a:1" })],
  [["xyz", "--endpoint", "https://s3.example.com"], {
    AWS_ENDPOINT_URL: "http://b",
  }, s3("xyz", "databases", { endpoint: "https://s3.example.com" })],
  [["file:///srv/backups/"], {}, {
    kind: "file",
    root: "/srv/backups",
    prefix: "databases",
  }],
  [["file:///srv/../b", "--prefix", "p"], { AWS_REGION: "x" }, {
    kind: "file",
    root: "/b",
    prefix: "p",
  }],
];

function s3(
  bucket: string,
  prefix: string,
  more: { endpoint?: string; region?: string } = {},
): Config["target"] {
  return { kind: "s3", bucket, prefix, endpoint: null, region: null, ...more };
}

for (const [[bucket, ...more], env, expected] of targets) {
  Deno.test(`--bucket ${[bucket, ...more, ...Object.keys(env)].join(" ")}`, async () => {
    const args = ["--watch-dir", "/data", "--bucket", bucket!, ...more];
    assert.deepEqual((await parse({ args, env })).target, expected);
  });
}

/** What is refused, and what its one line says. */
const refused: [string, Given, string][] = [
  [
    "an unknown option",
    { args: ["--prot", "1"] },
    'Cannot use "--prot": no such option, did you mean --port',
  ],
  [
    "an unknown option like none",
    { args: ["--frobnicate"] },
    'Cannot use "--frobnicate": no such option, see --help',
  ],
  [
    "an argument",
    { args: ["data"] },
    'Cannot use "data": only options are taken, see --help',
  ],
  [
    "a missing value",
    { args: ["--port"] },
    "Cannot use --port without a value: write --port <PORT>",
  ],
  [
    "a port out of range",
    { args: ["--port", "65536"] },
    'Cannot use --port "65536": it must be a whole number from 0 to 65535',
  ],
  [
    "an empty port",
    { args: ["--port="] },
    'Cannot use --port "": it must be a whole number from 0 to 65535',
  ],
  [
    "a port that is a word, in a variable",
    { env: { LITESTREAM_MANAGER_PORT: "http" } },
    'Cannot use LITESTREAM_MANAGER_PORT "http": it must be a whole number from 0 to 65535',
  ],
  [
    "a port that is a word, in YAML",
    { yaml: "rpo: 5s\nport: http" },
    'Cannot use port in manager.yml, line 2 "http": it must be a whole number from 0 to 65535',
  ],
  [
    "a price that is a word",
    { yaml: "rpo: 5s\nprices: {put: much}" },
    'Cannot use put of prices in manager.yml, line 2 "much": it must be dollars for 1,000 requests, from 0 to 10, as in 0.005',
  ],
  [
    "a price in cents",
    { args: ["--price-get", "40"] },
    'Cannot use --price-get "40": it must be dollars for 1,000 requests, from 0 to 10, as in 0.005',
  ],
  [
    "a price of something else",
    { yaml: "prices: {stored: 0.023}" },
    "Cannot use prices in manager.yml, line 1: it takes put and get, dollars for 1,000 requests, and storage and transfer, dollars for a GB",
  ],
  [
    "a price for all",
    { yaml: "prices: 0.005" },
    "Cannot use prices in manager.yml, line 1: it takes put and get, dollars for 1,000 requests, and storage and transfer, dollars for a GB",
  ],
  [
    "a price of storage in cents",
    { args: ["--price-storage", "23"] },
    'Cannot use --price-storage "23": it must be dollars for a GB and month, from 0 to 10, as in 0.023',
  ],
  [
    "a price of traffic that is a word",
    { yaml: "prices: {transfer: free}" },
    'Cannot use transfer of prices in manager.yml, line 1 "free": it must be dollars for a GB, from 0 to 10, as in 0.09',
  ],
  [
    "nobody awake",
    { args: ["--max-awake", "0"] },
    'Cannot use --max-awake "0": it must be a whole number from 1 to 4096',
  ],
  [
    "drills in words",
    { args: ["--drills", "all"] },
    'Cannot use --drills "all": it must be a whole number from 0 to 10000',
  ],
  [
    "a duration without a unit",
    { args: ["--rpo", "60"] },
    'Cannot use --rpo "60": a duration is written 500ms, 60s, 5m, 1h, 7d or 1h30m',
  ],
  [
    "a duration too short",
    { args: ["--idle-after", "10ms"] },
    'Cannot use --idle-after "10ms": it must be at least 1s',
  ],
  [
    "a log format",
    { args: ["--log-format", "xml"] },
    'Cannot use --log-format "xml": it must be text or json',
  ],
  [
    "a host",
    { args: ["--host", "http://x/"] },
    'Cannot use --host "http://x/": it must be an address or a name: 127.0.0.1, ::1, 0.0.0.0',
  ],
  [
    "an endpoint without a scheme",
    { args: ["--endpoint", "minio:9000"] },
    'Cannot use --endpoint "minio:9000": an address is written https://HOST or http://HOST:PORT',
  ],
  [
    "an endpoint with a path",
    { args: ["--endpoint", "http://minio:9000/bucket"] },
    'Cannot use --endpoint "http://minio:9000/bucket": only scheme, host and port: http://minio:9000',
  ],
  [
    "an endpoint in AWS's variable",
    { env: { AWS_ENDPOINT_URL: "nowhere" } },
    'Cannot use AWS_ENDPOINT_URL "nowhere": an address is written https://HOST or http://HOST:PORT',
  ],
  [
    "a region",
    { args: ["--region", "us east"] },
    'Cannot use --region "us east": a region is written us-east-1 or auto',
  ],
  [
    "a bucket with another scheme",
    { args: ["--bucket", "gs://x"] },
    'Cannot use --bucket "gs://x": use s3://NAME or file:///FOLDER, "gs" is neither',
  ],
  [
    "a path as bucket",
    { args: ["--bucket", "/srv/backups"] },
    'Cannot use --bucket "/srv/backups": a folder is written file:///ABSOLUTE/FOLDER',
  ],
  [
    "a relative file URL",
    { args: ["--bucket", "file://backups"] },
    'Cannot use --bucket "file://backups": a folder is written file:///ABSOLUTE/FOLDER',
  ],
  [
    "a folder that Litestream would write otherwise",
    { args: ["--bucket", "file:///srv/my backups"] },
    'Cannot use --bucket "file:///srv/my backups": Litestream needs a path of letters, digits and . _ ~ @ : + = , $ & - only',
  ],
  [
    "a prefix without a scheme",
    { args: ["--bucket", "xyz/foo"] },
    'Cannot use --bucket "xyz/foo": with a prefix it is written s3://xyz/foo',
  ],
  [
    "a bucket's name",
    { args: ["--bucket", "x y"] },
    'Cannot use --bucket "x y": a bucket\'s name has up to 63 letters, digits, dots and hyphens',
  ],
  [
    "options in the URL",
    { args: ["--bucket", "s3://xyz?region=eu"] },
    'Cannot use --bucket "s3://xyz?region=eu": options have flags of their own: --endpoint and --region',
  ],
  [
    "a prefix that leads out",
    { args: ["--prefix", "a/../b"] },
    'Cannot use --prefix "a/../b": a prefix has parts of letters, digits and . _ ~ @ : + = , $ & - between single slashes',
  ],
  [
    "a folder in a watched one",
    { args: ["--watch-dir", "/data/a"] },
    'Cannot use --watch-dir "/data/a": it lies within "/data", which is watched with all below it',
  ],
  [
    "backups in a watched folder",
    { args: ["--bucket", "file:///data/backups"] },
    'Cannot use --bucket "/data/backups": it lies within "/data", which is watched; choose a folder outside',
  ],
  [
    "the state in a watched folder",
    { args: ["--state-dir", "/data"] },
    'Cannot use --state-dir "/data": it lies within "/data", which is watched; choose a folder outside',
  ],
  [
    "a file that is not there",
    { args: ["--config", "no.yml"] },
    'Cannot read --config "no.yml": there is no such file',
  ],
  [
    "an unknown key",
    { yaml: "port: 1\nwatchdir: /a" },
    "Cannot use watchdir in manager.yml, line 2: no such setting, did you mean watch-dir",
  ],
  [
    "a list where one value is meant",
    { yaml: "port: [1, 2]" },
    "Cannot use port in manager.yml, line 1: it takes one value",
  ],
  [
    "a map where a folder is meant",
    { yaml: "watch-dir:\n  a: b" },
    "Cannot use watch-dir in manager.yml, line 1: it takes a folder or a list",
  ],
  [
    "a list of settings",
    { yaml: "- port" },
    'Cannot read "manager.yml": settings are written one a line, as in "port: 8080"',
  ],
  [
    "broken YAML",
    { yaml: "port: 1\nhost: 'x" },
    'Cannot read "manager.yml", line 2: Missing closing \'quote',
  ],
  [
    "an unknown variable",
    { env: { LITESTREAM_MANAGER_WATCHDIR: "/a" } },
    "Cannot use LITESTREAM_MANAGER_WATCHDIR: no such setting, did you mean LITESTREAM_MANAGER_WATCH_DIR",
  ],
];

for (const [name, given, message] of refused) {
  Deno.test(`refused: ${name}`, async () => {
    const args = [...REQUIRED, ...given.args ?? []];
    await assert.rejects(parse({ ...given, args }), (error) => {
      assert.ok(error instanceof UsageError);
      assert.doesNotMatch(error.message, /\n/);
      assert.equal(error.message, message);
      return true;
    });
  });
}

Deno.test("what is required is asked for", async () => {
  await assert.rejects(parse({ args: ["--bucket", "xyz"] }), {
    name: "UsageError",
    message:
      "Missing --watch-dir: name the folder of the databases, as in --watch-dir data",
  });
  await assert.rejects(
    parse({ args: ["--watch-dir", "x"] }),
    /^UsageError: Missing --bucket:/,
  );
  await assert.rejects(
    parseConfig(REQUIRED, {}, () => Promise.reject()),
    /^UsageError: Missing --state-dir: HOME is not set/,
  );
});

const SECRET = "wJalrXUtnFEMI";

const credentials: [string, Given][] = [
  ["in a flag", { args: ["--secret-access-key", SECRET] }],
  ["in a flag with =", { args: [`--aws-secret-access-key=${SECRET}`] }],
  ["in the bucket's URL", { args: ["--bucket", `s3://AKIA:${SECRET}@xyz`] }],
  ["in the endpoint", {
    args: ["--endpoint", `https://a:${SECRET}@s3.example.com`],
  }],
  ["in YAML", { yaml: `secret-access-key: ${SECRET}` }],
  ["in a variable of ours", { env: { LITESTREAM_MANAGER_ACCESS_KEY: SECRET } }],
];

for (const [name, given] of credentials) {
  Deno.test(`refused: a credential ${name}, and not shown`, async () => {
    const args = [...REQUIRED, ...given.args ?? []];
    await assert.rejects(parse({ ...given, args }), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /credentials belong in AWS_ACCESS_KEY_ID/);
      assert.ok(!error.message.includes(SECRET));
      return true;
    });
  });
}

Deno.test("help names every option, and --version the version", () => {
  for (const args of [["--help"], ["-h"], ["-help"]]) {
    const flags = readFlags(args);
    assert.ok("info" in flags);
    for (const { name } of SETTINGS) {
      assert.match(flags.info, RegExp(`--${name} `));
    }
  }
  assert.deepEqual(readFlags(["--version"]), { info: `${PROGRAM_VERSION}\n` });
});

Deno.test("after help the program ends", async () => {
  const args = [
    "eval",
    `
    import { HELP_EXIT, parseConfig } from ${
      JSON.stringify(import.meta.resolve("./options.ts"))
    };
    await parseConfig(["--version"], {}, Deno.readTextFile).catch((thrown) =>
      Deno.exit(thrown === HELP_EXIT ? 0 : 1)
    );
  `,
  ];
  const { code, stdout } = await new Deno.Command(Deno.execPath(), { args })
    .output();
  assert.equal(new TextDecoder().decode(stdout), `${PROGRAM_VERSION}\n`);
  assert.equal(code, 0);
});
