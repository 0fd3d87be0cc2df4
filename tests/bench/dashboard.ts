/**
 * Measures the dashboard alone, on made-up clients in a process of its own:
 * `deno run -A tests/bench/dashboard.ts [clients] [seconds of changes]`.
 * @module
 */
import { gzipSync } from "node:zlib";
import { TestBrowser } from "../support/browser.ts";
import { until } from "../support/until.ts";

/** What a dashboard costs. Times in ms, sizes in bytes. */
export interface DashboardFigures {
  readonly clients: number;
  /** Median of the front page's first byte. */
  readonly firstByteMs: number;
  /** The same for a search that is sorted by size, on page 3. */
  readonly searchMs: number;
  readonly htmlBytes: number;
  readonly scriptGzipBytes: number;
  /** From the start of the navigation until the page reacts. */
  readonly interactiveMs: number;
  readonly changesPerSecond: number;
  readonly seconds: number;
  /** Tasks over 50 ms in the browser while clients changed, and the longest. */
  readonly longTasks: number;
  readonly longestTaskMs: number;
  /** Growth of the heap from its first third to its end, after collection. */
  readonly heapGrowthBytes: number;
}

const CHANGES = 100;

/** Builds nothing: run `deno task build` first. */
export async function measureDashboard(
  { clients, seconds }: { clients: number; seconds: number },
): Promise<DashboardFigures> {
  await using server = await serve(clients);
  const { url } = server;
  const html = await (await fetch(url)).text();
  const script = /src="(\/islands-\w+\.js)"/.exec(html)?.[1];
  const code = new Uint8Array(
    await (await fetch(`${url}${script}`)).arrayBuffer(),
  );
  const firstByteMs = await firstByte(`${url}/`);
  const searchMs = await firstByte(`${url}/?q=eu-3&sort=size&page=3`);

  await using browser = await TestBrowser.start();
  const page = await browser.page();
  // Once to warm up: what is measured is not the browser's start.
  await page.goto(url);
  await page.addInitScript(() => {
    const seen = globalThis as unknown as { longTasks: number[] };
    seen.longTasks = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        seen.longTasks.push(duration);
      }
    }).observe({ type: "longtask", buffered: true });
  });
  const times: number[] = [];
  for (let n = 0; n < 5; n++) {
    await page.goto(url, { waitUntil: "commit" });
    await page.waitForSelector(".chrome[data-ready=true]");
    times.push(
      await page.evaluate(() => {
        const marks = performance.getEntriesByName("interactive");
        return marks[0]?.startTime ?? performance.now();
      }),
    );
  }
  const session = await page.context().newCDPSession(page);
  const heap = async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    return usedSize;
  };
  await server.change(CHANGES);
  await page.waitForTimeout(seconds * 1000 / 3);
  const early = await heap();
  // Collecting garbage by hand is itself a long task.
  await page.evaluate(() => {
    (globalThis as unknown as { longTasks: number[] }).longTasks = [];
  });
  await page.waitForTimeout(seconds * 2000 / 3);
  const tasks = await page.evaluate(() =>
    (globalThis as unknown as { longTasks: number[] }).longTasks
  );
  const late = await heap();
  return {
    clients,
    firstByteMs,
    searchMs,
    htmlBytes: new TextEncoder().encode(html).length,
    scriptGzipBytes: gzipSync(code).length,
    interactiveMs: median(times),
    changesPerSecond: CHANGES,
    seconds,
    longTasks: tasks.length,
    longestTaskMs: Math.max(0, ...tasks),
    heapGrowthBytes: late - early,
  };
}

/** The dashboard in another process, so that it shares no time with us. */
async function serve(clients: number) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      new URL("../support/serve_fake.ts", import.meta.url).href,
      String(clients),
      "0",
      "0",
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const writer = child.stdin.getWriter();
  let said = "";
  const url = await until("the dashboard listens", async () => {
    const { value } = await reader.read();
    said += value ?? "";
    return /http:\/\/\S+\d/.exec(said)?.[0];
  });
  return {
    url,
    async change(perSecond: number) {
      await writer.write(new TextEncoder().encode(`${perSecond}\n`));
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await reader.cancel();
      await writer.close().catch(() => {});
      await child.status;
    },
  };
}

async function firstByte(url: string): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < 15; n++) {
    const started = performance.now();
    const response = await fetch(url);
    times.push(performance.now() - started);
    await response.body?.cancel();
  }
  return median(times);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

if (import.meta.main) {
  const [clients = 10_000, seconds = 60] = Deno.args.map(Number);
  const figures = await measureDashboard({ clients, seconds });
  // deno-lint-ignore no-console
  console.log(figures);
}
