import type { Stored } from "../costs/report.ts";
import type { Sureness } from "../domain/holding.ts";
import type { Usage } from "../domain/usage.ts";
import { bytes } from "./format.ts";

/** What is stored, and how sure that is: `at least 3.4 MB`, `not known yet`. */
export function StoredSize({ stored, locale }: {
  stored: Pick<Stored, "bytes" | "sureness">;
  locale: string;
}) {
  if (stored.bytes === null) {
    return (
      <span class="none" title="It is known when its page was opened once">
        not known yet
      </span>
    );
  }
  return <>{sized(stored.bytes, stored.sureness, locale)}</>;
}

/** What was uploaded; Litestream does not tell the size of every snapshot. */
export function Uploaded({ usage, locale }: {
  usage: Pick<Usage, "bytes" | "unsized">;
  locale: string;
}) {
  const sureness = usage.unsized > 0 ? "at least" : "exact";
  return <>{sized(usage.bytes, sureness, locale)}</>;
}

function sized(n: number, sureness: Sureness, locale: string): string {
  const size = bytes(n, locale);
  return sureness === "exact" ? size : `${sureness} ${size}`;
}
