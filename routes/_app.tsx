import Chrome from "../islands/Chrome.tsx";
import { totalsOf } from "../lib/feed/totals.ts";
import { count, localeOf } from "../lib/ui/format.ts";
import { iconOf, titleOf, verdictOf } from "../lib/ui/verdict.ts";
import { define, type State } from "../lib/web/state.ts";
import { themeOf } from "../lib/web/theme.ts";

/** What every page has: head, navigation, foot. */
export default define.page(({ Component, req, url, state, error }) => {
  const locale = localeOf(req.headers.get("Accept-Language"));
  const theme = themeOf(req.headers);
  const { title, icon } = headOf(state, locale, error);
  return (
    <html lang="en" data-theme={theme}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="icon" type="image/svg+xml" href={icon} />
        <link rel="stylesheet" href="/styles.css" />
      </head>
      <body>
        <a class="skip" href="#main">To the content</a>
        <header class="top">
          <a class="brand" href="/">Litestream manager</a>
          <Navigation path={url.pathname} state={state} locale={locale} />
          {/* Without islands a page needs no script, whatever went wrong. */}
          {!error && <Chrome theme={theme} />}
        </header>
        <main id="main">
          <Component />
        </main>
      </body>
    </html>
  );
});

function Navigation({ path, state, locale }: {
  path: string;
  state: State;
  locale: string;
}) {
  const counts = state.manager?.registry.counts.peek();
  const pages: [string, string, number | undefined][] = [
    ["/", "Clients", undefined],
    ["/conflicts", "Conflicts", counts?.conflict],
    ["/gone", "Gone", counts?.gone],
    ["/bucket", "Bucket", undefined],
    ["/ignored", "Ignored", state.manager?.ignored().length],
    ["/costs", "Costs", undefined],
    ["/activity", "Activity", undefined],
    ["/about", "About", undefined],
  ];
  return (
    <nav class="pages" aria-label="Pages of this site">
      {pages.map(([href, label, n]) => (
        <a
          key={href}
          href={href}
          aria-current={path === href ? "page" : undefined}
        >
          {label}
          {n !== undefined && n > 0 && (
            <span class="badge">{count(n, locale)}</span>
          )}
        </a>
      ))}
    </nav>
  );
}

function headOf({ manager }: State, locale: string, error: unknown) {
  if (manager === null || error) {
    return { title: "Litestream manager", icon: "/icon-late.svg" };
  }
  const now = Date.now();
  const verdict = verdictOf(totalsOf(manager, now), {
    now,
    locale,
    target: manager.config.watchDirs.join(", "),
  });
  return { title: titleOf(verdict), icon: iconOf(verdict) };
}
