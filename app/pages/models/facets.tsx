/** Facets: the values of each filter with how many models they would give. Each is a link that adds or takes it away. */
import { VERDICT_KINDS, type VerdictKind } from "../../../analyzer/verdict/verdict.ts";
import { FACET_NAMES, FILTERS, type FilterName, NONE, saidValue, toggleFilter } from "../../../db/queries/filters.ts";
import type { FacetValue } from "../../../db/queries/models.ts";
import { judgementLabel } from "../../parts/lens.tsx";
import { integer } from "../../parts/numbers.ts";
import { Name } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";
import type { ModelsProps } from "./table.tsx";

export function Facets({ data, request }: ModelsProps) {
  return FACET_NAMES.filter((name) => data.facets[name].length > 0).map((name) => (
    <section key={name} className="facet" aria-labelledby={`facet-${name}`}>
      <h3 id={`facet-${name}`}>
        {FILTERS[name].label}
        {name === "verdict" && `, ${judgementLabel(data.query.lens, data.judgements)}`}
      </h3>
      <ul>
        {data.facets[name].map((value) => (
          <li key={value.value}>
            <FacetRow name={name} value={value} data={data} request={request} />
          </li>
        ))}
      </ul>
    </section>
  ));
}

/** A link, but for values that would leave nothing to show. */
function FacetRow({ name, value, data, request }: ModelsProps & { readonly name: FilterName; readonly value: FacetValue }) {
  const row = (
    <>
      <span>
        <FacetLabel name={name} value={value} />
      </span>
      <span className="count">{integer(value.models)}</span>
    </>
  );
  if (value.models === 0 && !value.chosen) return <span className="none">{row}</span>;
  return (
    <a
      href={request.at.models(toggleFilter(data.query, name, value.value), data.judgements)}
      aria-current={value.chosen ? "true" : undefined}
    >
      {row}
    </a>
  );
}

function FacetLabel({ name, value: { value } }: { readonly name: FilterName; readonly value: FacetValue }) {
  if (name === "verdict") return <Verdict verdict={value in VERDICT_KINDS ? (value as VerdictKind) : "none"} />;
  const said = saidValue(name, value);
  return value === NONE ? <i>{said}</i> : <Name>{said}</Name>;
}
