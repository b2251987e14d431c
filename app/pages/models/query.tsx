/** What a list is asked for, and how to ask for something else: the filters in force, the order. */
import { FILTER_NAMES, FILTERS, NONE, SORTS, type Sort, toggleFilter } from "../../../db/queries/filters.ts";
import { Name } from "../../parts/text.tsx";
import type { ModelsProps } from "./table.tsx";

/** The filters in force, each of which can be taken away. */
export function Chips({ data: { query, judgements }, request }: ModelsProps) {
  const chips = FILTER_NAMES.flatMap((name) =>
    query.filters[name].map((value) => ({
      key: `${name} ${value}`,
      label: FILTERS[name].label as string,
      value: value === NONE ? "none" : value,
      href: request.at.models(toggleFilter(query, name, value), judgements),
    })),
  );
  if (query.q !== "")
    chips.unshift({ key: "q", label: "Name", value: query.q, href: request.at.models({ ...query, q: "", after: null }, judgements) });
  if (chips.length === 0) return null;
  return (
    <ul className="chips" aria-label="Filters in force">
      {chips.map(({ key, label, value, href }) => (
        <li key={key}>
          <a href={href}>
            <span className="visually-hidden">Remove </span>
            {label}: <Name>{value}</Name> <span aria-hidden="true">×</span>
          </a>
        </li>
      ))}
      <li>
        <a className="clear" href={request.at.at("/models")}>
          Clear all
        </a>
      </li>
    </ul>
  );
}

export function SortSwitch({ data: { query, judgements }, request }: ModelsProps) {
  return (
    <nav className="switch" aria-label="Order">
      <span>Order</span>
      <ul>
        {(Object.keys(SORTS) as Sort[]).map((sort) => (
          <li key={sort}>
            <a
              href={request.at.models({ ...query, sort, after: null }, judgements)}
              aria-current={sort === query.sort ? "true" : undefined}
            >
              {SORTS[sort].label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
