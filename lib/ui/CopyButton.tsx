import { useSignal } from "@preact/signals";
import { IS_BROWSER } from "fresh/runtime";

const SHOWN_MS = 2_000;

/** Copies a text; it is selected instead where the browser does not let us. */
export function CopyButton({ text, from }: {
  text: string;
  /** Id of the element that shows the text. */
  from: string;
}) {
  const said = useSignal("Copy");
  if (!IS_BROWSER) return null;
  const copy = async () => {
    try {
      // Only there on https and on this machine itself.
      await navigator.clipboard.writeText(text);
      said.value = "Copied";
    } catch {
      const element = document.getElementById(from);
      if (element !== null) getSelection()?.selectAllChildren(element);
      said.value = "Selected, press Ctrl C";
    }
    setTimeout(() => said.value = "Copy", SHOWN_MS);
  };
  return (
    <button type="button" onClick={copy}>
      <span aria-live="polite">{said}</span>
    </button>
  );
}
