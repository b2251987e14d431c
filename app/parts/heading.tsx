/** The heading of a section, which is also the permanent link to it. */
import type { ReactNode } from "react";

export function Heading({ id, children }: { readonly id: string; readonly children: ReactNode }) {
  return (
    <h2 id={id}>
      <a className="anchor" href={`#${id}`}>
        {children}
      </a>
    </h2>
  );
}
