/**
 * Keys for the table: arrows (or j and k) go from client to client, Enter opens
 * one, x selects it, `/` searches, Escape leaves the search. Returns what takes
 * the keys away again.
 */
export function listenToTableKeys(): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    const target = event.target as HTMLElement;
    const search = document.querySelector<HTMLInputElement>("#q");
    if (target === search) {
      if (event.key === "Escape") return search.blur();
      if (event.key !== "ArrowDown") return;
    } else if (target.matches("input:not([type=checkbox]), textarea, select")) {
      return;
    }
    switch (event.key) {
      case "/":
        search?.focus();
        search?.select();
        break;
      case "ArrowDown":
      case "j":
        step(1);
        break;
      case "ArrowUp":
      case "k":
        step(-1);
        break;
      case "x":
        currentRow()?.querySelector<HTMLInputElement>(".pick input")?.click();
        break;
      default:
        return;
    }
    event.preventDefault();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

function currentRow(): HTMLElement | null {
  return document.activeElement?.closest("tbody tr") ?? null;
}

/** Moves the focus to the client above or below. */
function step(by: 1 | -1): void {
  const links = [
    ...document.querySelectorAll<HTMLElement>("tbody .client a"),
  ];
  const row = currentRow();
  const at = links.findIndex((link) => row?.contains(link));
  const next = at === -1 ? (by === 1 ? 0 : links.length - 1) : at + by;
  links[Math.min(Math.max(next, 0), links.length - 1)]?.focus();
}
