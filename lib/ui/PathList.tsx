import type { ComponentChildren } from "preact";

/** A page that lists things: what they are, then each with more about it. */
export function PathList<T>({ title, lead, tools, items, more, row }: {
  title: string;
  lead: string;
  /** Stands above the list. */
  tools?: ComponentChildren;
  items: readonly T[];
  /** How many there are beyond those that are listed. */
  more: number;
  row: (item: T) => { head: ComponentChildren; body: ComponentChildren };
}) {
  return (
    <div class="list-page">
      <h1>{title}</h1>
      <p class="lead">{lead}</p>
      {tools}
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
