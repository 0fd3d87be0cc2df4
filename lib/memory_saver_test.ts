import assert from "node:assert/strict";
import { startPermissions } from "./cli/start_task.ts";
import { MemorySaver } from "./memory_saver.ts";

const MB = 1 << 20;

/** A program with 100 MB, 60 of which it does not need; a collection takes 100 ms. */
class Program {
  rssBytes = 100 * MB;
  neededBytes = 40 * MB;
  isIdle = true;
  now = 0;
  collections = 0;
  readonly saver = new MemorySaver({
    isIdle: () => this.isIdle,
    everyMs: 3_600_000,
    rssBytes: () => this.rssBytes,
    now: () => this.now,
    collect: () => {
      this.collections++;
      this.rssBytes = this.neededBytes;
      this.now += 100;
    },
  });

  passTime(ms: number): void {
    this.now += ms;
    this.saver.check();
  }

  [Symbol.dispose](): void {
    this.saver[Symbol.dispose]();
  }
}

Deno.test("memory is given back when it was idle twice in a row", () => {
  using program = new Program();
  program.isIdle = false;
  program.passTime(5_000);
  program.passTime(5_000);
  program.isIdle = true;
  program.passTime(5_000);
  assert.equal(program.collections, 0);
  program.isIdle = false;
  program.passTime(5_000);
  program.isIdle = true;
  program.passTime(5_000);
  assert.equal(program.collections, 0, "it worked in between");
  program.passTime(5_000);
  assert.equal(program.collections, 1);
});

Deno.test("memory that did not grow is left alone, and it takes a small part of the time", () => {
  using program = new Program();
  program.passTime(5_000);
  program.passTime(5_000);
  assert.equal(program.collections, 1);
  program.rssBytes += 7 * MB;
  program.passTime(60_000);
  assert.equal(program.collections, 1);
  program.rssBytes += 2 * MB;
  program.passTime(60_000);
  assert.equal(program.collections, 2);
  program.rssBytes += 50 * MB;
  program.passTime(19_000);
  assert.equal(program.collections, 2, "200 times as long is not over");
  program.passTime(2_000);
  assert.equal(program.collections, 3);
});

Deno.test("with the flags of the task start, V8 gives back what a burst of work took", async () => {
  const flags = startPermissions().filter((flag) => flag.includes("v8-flags"));
  const source = `
    import { MemorySaver } from "${import.meta.resolve("./memory_saver.ts")}";
    let burst = Array.from({ length: 1_000_000 }, (_, n) => ({ text: "x" + n }));
    burst = burst.length;
    const before = Deno.memoryUsage().rss;
    using saver = new MemorySaver({ isIdle: () => true });
    saver.check();
    saver.check();
    console.log(before - Deno.memoryUsage().rss);
  `;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", ...flags, source],
  }).output();
  const text = new TextDecoder().decode(stdout);
  const given = Number(text);
  const why = `${text}${new TextDecoder().decode(stderr)}`;
  assert(given > 20 * MB, `only ${why} bytes`);
});
