/** Facets: the values of each filter with how many models they would give. Each is a link that adds or takes it away. */
import { VERDICT_KINDS, type VerdictKind } from "../../../analyzer/verdict/verdict.ts";
import { FILTER_NAMES, FILTERS, type FilterName, NONE, toggleFilter } from "../../../db/queries/filters.ts";
import type { FacetValue } from "../../../db/queries/models.ts";
import { judgementLabel } from "../../parts/lens.tsx";
import { integer } from "../../parts/numbers.ts";
import { Name } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";
import type { ModelsProps } from "./table.tsx";

export function Facets({ data, request }: ModelsProps) {
  return FILTER_NAMES.filter((name) => data.facets[name].length > 0).map((name) => (
    <section key={name} className="facet" aria-labelledby={`facet-${name}`}>
      <h3 id={`facet-${name}`}>
        {FILTERS[name].label}
        {name === "verdict" && `, ${judgementLabel(data.query.lens, data.judgements)}`}
      </h3>
      <ul>
        {data.facets[name].map((value) => (
          <li key={value.value}>
            <a
              href={request.at.models(toggleFilter(data.query, name, value.value), data.judgements)}
              aria-current={value.chosen ? "true" : undefined}
              className={value.models === 0 ? "none" : undefined}
            >
              <span>
                <FacetLabel name={name} value={value} />
              </span>
              <span className="count">{integer(value.models)}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  ));
}

function FacetLabel({ name, value: { value } }: { readonly name: FilterName; readonly value: FacetValue }) {
  if (name === "verdict") return <Verdict verdict={value in VERDICT_KINDS ? (value as VerdictKind) : "none"} />;
  return value === NONE ? <i>none stated</i> : <Name>{value}</Name>;
}
