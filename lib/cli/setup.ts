// deno-lint-ignore-file no-console
/** `deno task setup`: finds Litestream or gets it, and says which. @module */
import { TESTED_VERSIONS } from "../litestream/log_event.ts";
import { getLitestream } from "../setup/get_litestream.ts";

const env = Deno.env.toObject();
const flag = Deno.args.findIndex((arg) => /^--?litestream$/.test(arg));
const explicit = flag < 0 ? null : Deno.args[flag + 1] ?? "";
const known = flag < 0 ? 0 : 2;
if (Deno.args.length !== known || explicit === "") {
  console.error(
    `setup: cannot use "${
      Deno.args.join(" ")
    }": it takes nothing, or --litestream PATH`,
  );
  Deno.exit(2);
}

try {
  const { path, version, source } = await getLitestream({
    explicit,
    env,
    signal: AbortSignal.timeout(1_500_000),
    onProgress: (line) => console.log(line),
  });
  console.log(`Litestream ${version}: ${path} (${source})`);
  if (!TESTED_VERSIONS.includes(version)) {
    console.warn(
      `Warning: ${version} was not tried with this program, ${
        TESTED_VERSIONS.join(", ")
      } was`,
    );
  }
} catch (error) {
  console.error(`setup: ${(error as Error).message}`);
  Deno.exit(1);
}
