/** Parts of a long list, a page of it at a time: which part an address asks for, and links to the others. */
import { integer } from "./numbers.ts";

/** A part of a list: `from` counts from 1. */
export interface Part<Row> {
  readonly from: number;
  readonly total: number;
  readonly rows: readonly Row[];
}

/** The part of `rows` that the address's parameter `name` asks for; the first where it asks for none, or for nothing that is there. */
export function partOf<Row>(rows: readonly Row[], parameters: URLSearchParams, name: string, size: number): Part<Row> {
  const wanted = Math.trunc(Number(parameters.get(name)));
  const from = wanted >= 1 && wanted <= rows.length ? wanted : 1;
  return { from, total: rows.length, rows: rows.slice(from - 1, from - 1 + size) };
}

interface PagesProps {
  /** What the list is of, for the name of the navigation. */
  readonly of: string;
  readonly part: Part<unknown>;
  readonly size: number;
  address(from: number): string;
}

/** Where in the list one is, and the way on and back; nothing where the list is shown whole. */
export function Pages({ of, part: { from, total, rows }, size, address }: PagesProps) {
  if (rows.length === total) return null;
  return (
    <nav className="pages" aria-label={`Pages of ${of}`}>
      {from > 1 && <a href={address(Math.max(1, from - size))}>Previous {size}</a>}
      <span className="muted">
        {integer(from)} to {integer(from + rows.length - 1)} of {integer(total)}
      </span>
      {from + rows.length <= total && (
        <a href={address(from + size)} rel="next">
          Next {integer(Math.min(size, total - from - rows.length + 1))}
        </a>
      )}
    </nav>
  );
}
