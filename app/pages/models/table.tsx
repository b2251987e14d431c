/** The models of a page of a list, with their verdicts side by side. */
import type { FacetName, ModelQuery } from "../../../db/queries/filters.ts";
import { type Judgement, sameLens } from "../../../db/queries/judgements.ts";
import type { FacetValue, ListedModel, ModelPage } from "../../../db/queries/models.ts";
import type { Survey } from "../../../db/queries/surveys.ts";
import type { SurveyRequest } from "../../answer.tsx";
import { judgementLabel } from "../../parts/lens.tsx";
import { integer } from "../../parts/numbers.ts";
import { CLASS_STATES, MODEL_STATES } from "../../parts/states.ts";
import { Table } from "../../parts/table.tsx";
import { Name } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";

/** What the page of a list is made of. */
export interface ModelsData extends ModelPage {
  readonly survey: Survey;
  readonly sentence: string;
  /** Address of the JSON of the next page; null on the last. */
  readonly nextPage: string | null;
  readonly query: ModelQuery;
  readonly judgements: readonly Judgement[];
  readonly facets: Readonly<Record<FacetName, readonly FacetValue[]>>;
}

export interface ModelsProps {
  readonly data: ModelsData;
  readonly request: SurveyRequest;
}

const SORTED = {
  downloads: { header: "Downloads", direction: "descending" },
  likes: { header: "Likes", direction: "descending" },
  name: { header: "Model", direction: "ascending" },
} as const;

export function ModelsTable({ data, request }: ModelsProps) {
  const { models, judgements, query, sentence } = data;
  return (
    <Table
      caption={sentence}
      captionHidden
      className="models"
      rows={models}
      rowKey={(model) => model.modelId}
      sorted={SORTED[query.sort]}
      columns={[
        {
          header: "Model",
          kind: "heading",
          cell: (model) => (
            <>
              <a href={request.at.model(model.name)}>
                <Name>{model.name}</Name>
              </a>
              <small>
                {[model.library, model.task]
                  .filter((text) => text !== null)
                  .map((text, index) => (
                    <span key={text}>
                      {index > 0 && " · "}
                      <Name>{text}</Name>
                    </span>
                  ))}
              </small>
            </>
          ),
        },
        ...judgements.map((judgement) => ({
          header: judgementLabel(judgement, judgements),
          cell: (model: ListedModel) => <ModelVerdictCell model={model} judgement={judgement} query={query} />,
        })),
        { header: "Downloads", kind: "number", cell: (model) => integer(model.downloads) },
        { header: "Likes", kind: "number", cell: (model) => integer(model.likes) },
      ]}
    />
  );
}

function ModelVerdictCell({
  model,
  judgement,
  query,
}: {
  readonly model: ListedModel;
  readonly judgement: Judgement;
  readonly query: ModelQuery;
}) {
  const lens = { ...judgement, role: query.lens.role };
  const found = model.verdicts.find((verdict) => sameLens(verdict, lens));
  return found === undefined ? <span className="muted">{whyNone(model, judgement)}</span> : <Verdict verdict={found.verdict} />;
}

/** What stands in the place of a verdict: how far the model came, or what its class lacks. */
function whyNone({ state, classState }: ListedModel, { slot }: Judgement): string {
  if (state !== "judged") return MODEL_STATES[state].label;
  return slot === "weights-only" || classState === null || classState === "inferred" ? "no verdict" : CLASS_STATES[classState].label;
}
