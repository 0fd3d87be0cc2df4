// deno-lint-ignore-file no-console
/**
 * Takes the pictures in docs/screenshots of a real manager with a few hundred
 * databases: `deno run -A tests/screenshots.ts FOLDER [minutes]`. FOLDER is made, shown
 * in the pictures, and removed. Build first: `deno task build`.
 * @module
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Page } from "playwright-core";
import { AppDatabase } from "./support/app_database.ts";
import { TestBrowser } from "./support/browser.ts";
import { idOf } from "./support/fake_manager.ts";
import { ManagerProcess } from "./support/run_manager.ts";
import { S3Server } from "./support/s3_server.ts";
import { TempDir } from "./support/temp_dir.ts";
import { until } from "./support/until.ts";

const CLIENTS = 240;
const OUT = new URL("../docs/screenshots/", import.meta.url).pathname;

await Deno.mkdir(OUT, { recursive: true });
const [data, minutes = "6"] = Deno.args;
if (data === undefined) throw new Error("Missing the folder: name a new one");
await Deno.mkdir(data);
await using _removed = {
  [Symbol.asyncDispose]: () => Deno.remove(data, { recursive: true }),
};
await using dir = await TempDir.create("pictures");
await using s3 = await S3Server.start();
const ids = Array.from({ length: CLIENTS }, (_, n) => idOf(n));
for (const region of ["eu", "us", "apac"]) {
  await Deno.mkdir(join(data, region), { recursive: true });
}
const pathOf = (n: number) =>
  join(data, ["eu", "us", "apac"][n % 3]!, `${ids[n]}.db`);
for (let n = 0; n < CLIENTS; n++) {
  using app = AppDatabase.open(pathOf(n));
  app.insert(5 + n % 40, 400 + (n * 37) % 3_000);
}

await using manager = await ManagerProcess.start({
  args: [
    "--watch-dir",
    data,
    "--bucket",
    `s3://${s3.bucket}`,
    "--endpoint",
    s3.endpoint,
    "--state-dir",
    dir.join("state"),
  ],
  env: s3.env,
});
await manager.untilProtected(CLIENTS);
await using browser = await TestBrowser.start();

// A while in which a few applications write.
const end = Date.now() + Number(minutes) * 60_000;
let round = 0;
while (Date.now() < end) {
  for (const n of [1, 4, 9, 17, 33, 80].filter((n) => round % n % 7 === 0)) {
    using app = AppDatabase.open(pathOf(n));
    app.insert(2, 800);
  }
  round++;
  await new Promise((resolve) => setTimeout(resolve, 5_000));
}
await manager.untilProtected(CLIENTS);
await picture("/", "front");
await picture("/", "front-dark", { colorScheme: "dark" });
await picture("/", "front-phone", { width: 390, height: 844 });
await picture(`/clients/${ids[4]}`, "client");

// A copy of a database lands beside the others, and one cannot be read.
await Deno.copyFile(pathOf(7), join(data, "eu", `${ids[7]}.sqlite`));
using locked = new DatabaseSync(pathOf(12));
locked.exec(
  "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE held (a)",
);
await until("trouble shows", async () => {
  const { counts } = await manager.status();
  return (counts["conflict"] ?? 0) > 0;
}, { timeoutMs: 60_000 });
await picture("/", "trouble");
await manager.stop();

async function picture(
  path: string,
  name: string,
  { width = 1_280, height = 860, colorScheme = "light" }: {
    width?: number;
    height?: number;
    colorScheme?: "light" | "dark";
  } = {},
): Promise<void> {
  const page: Page = await browser.page();
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme });
  await page.goto(manager.url + path);
  await page.waitForSelector(".chrome[data-ready=true]");
  await page.waitForTimeout(1_500);
  await page.screenshot({ path: join(OUT, `${name}.png`) });
  console.log(join("docs/screenshots", `${name}.png`));
  await page.context().close();
}
