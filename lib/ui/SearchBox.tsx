import { IS_BROWSER } from "fresh/runtime";
import { useEffect, useRef } from "preact/hooks";
import type { LiveTable } from "./live_table.ts";

const PAUSE_MS = 150;

/** Searches while one types; a plain form where there is no script. */
export function SearchBox({ table }: { table: LiveTable }) {
  const query = table.query.value;
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(timer.current), []);

  const search = () => {
    clearTimeout(timer.current);
    const text = input.current?.value.trim() ?? "";
    if (text === table.query.peek().text) return;
    table.go({ ...table.query.peek(), text, page: 1 }, { replace: true });
  };
  const sort = (query.reversed ? "-" : "") + query.sort;
  return (
    <form
      class="search"
      role="search"
      action="/"
      onSubmit={(event) => {
        event.preventDefault();
        search();
      }}
    >
      <label for="q" class="hidden">Search by id or folder</label>
      <input
        ref={input}
        id="q"
        name="q"
        type="search"
        placeholder="Search by id or folder"
        autocomplete="off"
        spellcheck={false}
        maxLength={200}
        defaultValue={query.text}
        onInput={() => {
          clearTimeout(timer.current);
          timer.current = setTimeout(search, PAUSE_MS);
        }}
      />
      {query.filter !== null && (
        <input type="hidden" name="status" value={query.filter} />
      )}
      {sort !== "worst" && <input type="hidden" name="sort" value={sort} />}
      {!IS_BROWSER && (
        <noscript>
          <button type="submit">Search</button>
        </noscript>
      )}
    </form>
  );
}
