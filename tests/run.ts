// deno-lint-ignore-file no-console
/**
 * `deno task test`: gets what the tests need (Litestream, SeaweedFS, Chromium), then
 * runs them all. Arguments go to `deno test`: files, `--filter`, and so on.
 * @module
 */
import { getLitestream } from "../lib/setup/get_litestream.ts";
import { findChromium } from "./support/browser.ts";
import { getWeed } from "./support/get_weed.ts";

const signal = AbortSignal.timeout(1_800_000);
const env: Record<string, string> = {};
try {
  const litestream = await getLitestream({
    explicit: null,
    env: Deno.env.toObject(),
    signal,
    onProgress: (line) => console.log(line),
  });
  console.log(`Litestream ${litestream.version}: ${litestream.path}`);
  env["LITESTREAM_BIN"] = litestream.path;
  env["WEED_BIN"] = await getWeed({ signal });
  console.log(`S3 server: ${env["WEED_BIN"]}`);
  env["CHROMIUM_BIN"] = await findChromium();
  console.log(`Browser: ${env["CHROMIUM_BIN"]}`);
} catch (error) {
  console.error(`test: ${(error as Error).message}`);
  Deno.exit(1);
}

const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", "--doc", ...Deno.args],
  env,
}).spawn().status;
Deno.exit(code);
