import assert from "node:assert/strict";
import { TempFolder } from "./testing.ts";
import { neededWatches, sysctlHint } from "./watch_limit.ts";

for (
  const [limit, unwatched, folders, needed] of [
    // Used up: by us, or by others of this user as well.
    [8_192, 2_000, 10_000, 16_384],
    [8_192, 1, 100, 16_384],
    [65_536, 65_536, 100_000, 262_144],
    [192_536, 10_000, 202_536, 262_144],
    // Not known: never below what a kernel takes by itself.
    [null, 1, 100, 1_048_576],
    [null, 1, 1_000_000, 2_097_152],
  ] as const
) {
  Deno.test(`with a limit of ${limit} and ${unwatched} of ${folders} folders unwatched ${needed} are needed`, () => {
    assert.equal(neededWatches({ limit, unwatched, folders }), needed);
  });
}

Deno.test("the commands set a limit now, and for the next start", () => {
  assert.equal(
    sysctlHint("fs.inotify.max_user_watches", 262_144),
    "Run sudo sysctl -w fs.inotify.max_user_watches=262144 and, to keep it, " +
      "echo fs.inotify.max_user_watches=262144 | sudo tee /etc/sysctl.d/60-litestream-manager.conf",
  );
});

const FOLDERS = 200;

/**
 * Watches many folders under a low limit, notices what happens in them all the
 * same, and that the limit was raised. Writes each trouble as a line.
 */
const PROGRAM = `
const [folder, modules, opener] = Deno.args;
const { Discovery } = await import(modules + "discovery.ts");
const opened = await import(modules + opener + ".ts");
const { writeDatabase, until, uuid } = await import(modules + "testing.ts");
const found = new Set();
let cleared = false;
await using discovery = await Discovery.start({
  watchDirs: [folder],
  signal: new AbortController().signal,
  sweepMs: 100,
  onEvents: (events) => { for (const { path } of events) found.add(path); },
  onTrouble(trouble) {
    if ("cleared" in trouble) cleared = true;
    else console.log(JSON.stringify(trouble));
  },
  openWatcher: Object.values(opened).find((value) => typeof value === "function"),
});
for (let i = 0; i < ${FOLDERS}; i++) writeDatabase(folder + "/d" + i + "/" + uuid(i) + ".db");
await until("all databases", () => found.size === ${FOLDERS});
Deno.writeTextFileSync("/proc/sys/user/max_inotify_watches", "100000");
await until("the end of the trouble", () => cleared);
`;

/** A user namespace has a limit of its own, which changes nothing outside of it. */
async function underLimit(watches: number, args: readonly string[]) {
  const { success, stdout, stderr } = await new Deno.Command("unshare", {
    args: [
      "--user",
      "--map-root-user",
      "sh",
      "-c",
      `echo ${watches} > /proc/sys/user/max_inotify_watches && exec "$@"`,
      "sh",
      ...args,
    ],
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, stdout: text(stdout), stderr: text(stderr) };
}

for (const opener of ["inotify", "hosted_watch"]) {
  Deno.test(`at the kernel's own limit, by ${opener}, what to do is said, and changes are found`, async () => {
    // Not every system lets its users have namespaces.
    if (!(await underLimit(1_000, ["true"])).success) return;
    using root = new TempFolder();
    for (let i = 0; i < FOLDERS; i++) Deno.mkdirSync(root.at(`d${i}`));
    const { success, stdout, stderr } = await underLimit(FOLDERS / 2, [
      Deno.execPath(),
      "eval",
      PROGRAM,
      root.path,
      new URL("./", import.meta.url).href,
      opener,
    ]);
    assert.ok(success, stderr);
    const limit = Number(
      Deno.readTextFileSync("/proc/sys/fs/inotify/max_user_watches"),
    );
    const [told, ...more] = stdout.trim().split("\n").map((line) =>
      JSON.parse(line)
    );
    assert.deepEqual(more, []);
    assert.equal(told.subject, "inotify");
    assert.equal(
      told.message,
      `Cannot watch every folder: the system allows this user ${limit} inotify watches, which are used up`,
    );
    const setting = `fs.inotify.max_user_watches=${
      neededWatches({ limit, unwatched: FOLDERS, folders: FOLDERS })
    }`;
    assert.ok(told.hint.startsWith(`Run sudo sysctl -w ${setting} and`));
    assert.ok(told.hint.includes("/etc/sysctl.d/"));
  });
}
