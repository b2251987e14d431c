/** What a list is asked for, and how to ask for something else: the filters in force, the order. */
import { FILTER_NAMES, FILTERS, PAGE_SIZES, SORTS, type Sort, saidValue, toggleFilter } from "../../../db/queries/filters.ts";
import { Name } from "../../parts/text.tsx";
import type { ModelsProps } from "./table.tsx";

interface InForce {
  readonly key: string;
  readonly label: string;
  readonly value: string;
  /** The list without it. */
  readonly without: string;
}

/** What the list is narrowed by: the search, and each value of each filter. */
function inForce({ data: { query, judgements }, request }: ModelsProps): InForce[] {
  const filters = FILTER_NAMES.flatMap((name) =>
    query.filters[name].map((value) => ({
      key: `${name} ${value}`,
      label: FILTERS[name].label,
      value: saidValue(name, value),
      without: request.at.models(toggleFilter(query, name, value), judgements),
    })),
  );
  if (query.q === "") return filters;
  return [
    { key: "q", label: "Name", value: query.q, without: request.at.models({ ...query, q: "", after: null }, judgements) },
    ...filters,
  ];
}

/** The filters in force, each of which can be taken away. */
export function Chips({ data, request }: ModelsProps) {
  const chips = inForce({ data, request });
  if (chips.length === 0) return null;
  return (
    <ul className="chips" aria-label="Filters in force">
      {chips.map(({ key, label, value, without }) => (
        <li key={key}>
          <a href={without}>
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

/** Where nothing matches: the list without each of what keeps it empty. */
export function WaysOut({ data, request }: ModelsProps) {
  return (
    <ul>
      {inForce({ data, request }).map(({ key, label, value, without }) => (
        <li key={key}>
          <a href={without}>
            Without {label.toLowerCase()} “<Name>{value}</Name>”
          </a>
        </li>
      ))}
      <li>
        <a href={request.at.at("/models")}>All models</a>
      </li>
    </ul>
  );
}

/** How many models a page has. */
export function SizeSwitch({ data: { query, judgements }, request }: ModelsProps) {
  return (
    <nav className="switch" aria-label="Models on a page">
      <span>On a page</span>
      <ul>
        {Object.values(PAGE_SIZES).map((size) => (
          <li key={size}>
            <a
              href={request.at.models({ ...query, size, after: null }, judgements)}
              aria-current={size === query.size ? "true" : undefined}
            >
              {size}
            </a>
          </li>
        ))}
      </ul>
    </nav>
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
