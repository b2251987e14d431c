/** A figure: its finding as the title, what it counts and when beneath, and the numbers in a table that is the chart. */
import type { ReactNode } from "react";
import { Heading } from "./heading.tsx";

interface FigureProps {
  readonly id: string;
  readonly finding: ReactNode;
  readonly about: ReactNode;
  readonly children: ReactNode;
}

export function Figure({ id, finding, about, children }: FigureProps) {
  return (
    <section className="figure" aria-labelledby={id}>
      <header>
        <Heading id={id}>{finding}</Heading>
        <p className="muted">{about}</p>
      </header>
      {children}
    </section>
  );
}

/** A few numbers that belong together, each with its name. */
export function Numbers({
  of,
}: {
  readonly of: readonly { readonly name: string; readonly value: ReactNode; readonly note?: ReactNode }[];
}) {
  return (
    <dl className="numbers">
      {of.map(({ name, value, note }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <b>{value}</b>
            {note !== undefined && <span className="muted">{note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
