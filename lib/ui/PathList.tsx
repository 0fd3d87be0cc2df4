import type { ComponentChildren } from "preact";

/** A page that lists things: what they are, then each with more about it. */
export function PathList<T>({ title, lead, items, more, row }: {
  title: string;
  lead: string;
  items: readonly T[];
  /** How many there are beyond those that are listed. */
  more: number;
  row: (item: T) => { head: ComponentChildren; body: ComponentChildren };
}) {
  return (
    <div class="list-page">
      <h1>{title}</h1>
      <p class="lead">{lead}</p>
      <ul class="list">
        {items.map((item, index) => {
          const { head, body } = row(item);
          return (
            <li key={index}>
              <div class="head">{head}</div>
              <div class="body">{body}</div>
            </li>
          );
        })}
      </ul>
      {more > 0 && <p class="none">And {more} more.</p>}
    </div>
  );
}
