import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

type Theme = "auto" | "light" | "dark";
const NEXT: Record<Theme, Theme> = {
  auto: "dark",
  dark: "light",
  light: "auto",
};
const YEAR_S = 31_536_000;

const KEYS = [
  ["/", "Search"],
  ["↑ ↓", "From client to client (also j, k)"],
  ["Enter", "Open the client"],
  ["x", "Select the client"],
  ["Esc", "Leave the search, close this"],
  ["?", "This help"],
] as const;

/** The switch between light and dark, and the help on keys. */
export default function Chrome({ theme: given }: { theme: Theme }) {
  const theme = useSignal(given);
  const ready = useSignal(false);
  const help = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    ready.value = true;
    performance.mark("interactive");
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.key !== "?" || target.matches("input, textarea")) return;
      event.preventDefault();
      help.current?.showModal();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  const turn = () => {
    const next = theme.value = NEXT[theme.value];
    document.documentElement.dataset.theme = next;
    document.cookie = `theme=${next}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax`;
  };
  return (
    <div class="chrome" data-ready={ready.value}>
      <button type="button" class="plain" onClick={turn}>
        <span aria-hidden="true">◐</span> <span class="hidden">Colours:</span>
        {" "}
        {theme}
      </button>
      <button
        type="button"
        class="plain"
        aria-label="Help on keys"
        onClick={() => help.current?.showModal()}
      >
        ?
      </button>
      <dialog ref={help} aria-labelledby="keys">
        <h2 id="keys">Keys</h2>
        <dl>
          {KEYS.map(([key, what]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <form method="dialog">
          <button type="submit" autofocus>Close</button>
        </form>
      </dialog>
    </div>
  );
}
