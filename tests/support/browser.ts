import { access } from "node:fs/promises";
import { type Browser, chromium, type Page } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A real browser, and all that its pages complained of. */
export class TestBrowser implements AsyncDisposable {
  /** Errors and warnings on the console, exceptions, and requests that failed. */
  readonly complaints: string[] = [];

  private constructor(private readonly browser: Browser) {}

  /**
   * Starts Chromium.
   *
   * @throws {Error} with the command to install it
   */
  static async start(): Promise<TestBrowser> {
    const executablePath = await findChromium();
    const browser = await chromium.launch({
      executablePath,
      args: ARGS,
      timeout: 60_000,
    });
    return new TestBrowser(browser);
  }

  /** A new page with nothing stored. */
  async page(options: { javaScriptEnabled?: boolean } = {}): Promise<Page> {
    const context = await this.browser.newContext(options);
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) {
        this.complaints.push(`${message.type()}: ${message.text()}`);
      }
    });
    page.on(
      "pageerror",
      (error) => this.complaints.push(`exception: ${error}`),
    );
    page.on("requestfailed", (request) => {
      const why = request.failure()?.errorText ?? "";
      // A page that is left, or closed, ends its event stream.
      if (why !== "net::ERR_ABORTED") {
        this.complaints.push(`request: ${request.url()}: ${why}`);
      }
    });
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
  }
}

/**
 * Path of Chromium: what CHROMIUM_BIN names, or the system's.
 *
 * @throws {Error} with the command to install it
 */
export async function findChromium(): Promise<string> {
  const named = Deno.env.get("CHROMIUM_BIN");
  const places = named ? [named] : PLACES;
  for (const path of places) {
    try {
      await access(path);
      return path;
    } catch {
      // The next one.
    }
  }
  throw new Error(
    `Cannot find Chromium at "${
      places.join('" or "')
    }": run "apt-get install -y chromium", or set CHROMIUM_BIN`,
  );
}
