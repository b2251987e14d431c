/** The models of a page of a list, with their verdicts side by side. */
import type { FacetName, ModelQuery } from "../../../db/queries/filters.ts";
import { type Judgement, MODES, POLICY_SLOTS, SLOT_ORDER, sameLens } from "../../../db/queries/judgements.ts";
import type { FacetValue, ListedModel, ModelPage } from "../../../db/queries/models.ts";
import type { Survey } from "../../../db/queries/surveys.ts";
import type { FileRole, PolicySlot } from "../../../db/schema.ts";
import type { SurveyRequest } from "../../answer.tsx";
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
        // A column a policy: the modes mostly say the same, and a column for each would leave names no room.
        ...SLOT_ORDER.filter((slot) => judgements.some((judgement) => judgement.slot === slot)).map((slot) => ({
          header: POLICY_SLOTS[slot].label,
          cell: (model: ListedModel) => <SlotCell model={model} slot={slot} role={query.lens.role} />,
        })),
        { header: "Downloads", kind: "number", cell: (model) => integer(model.downloads) },
        { header: "Likes", kind: "number", cell: (model) => integer(model.likes) },
      ]}
    />
  );
}

interface SlotCellProps {
  readonly model: ListedModel;
  readonly slot: PolicySlot;
  readonly role: FileRole;
}

/** The verdict in strict mode, and beside it what is another one in lazy mode. */
function SlotCell({ model, slot, role }: SlotCellProps) {
  const [strict, lazy] = (["strict", "lazy"] as const).map((mode) =>
    model.verdicts.find((verdict) => sameLens(verdict, { slot, mode, role })),
  );
  const shown = strict ?? lazy;
  if (shown === undefined) return <span className="muted">{whyNone(model, slot)}</span>;
  return (
    <>
      <Verdict verdict={shown.verdict} />
      {lazy !== undefined && lazy.verdict !== shown.verdict && (
        <small>
          {MODES.lazy.label}: <Verdict verdict={lazy.verdict} />
        </small>
      )}
    </>
  );
}

/** What stands in the place of a verdict: how far the model came, or what its class lacks. */
function whyNone({ state, classState }: ListedModel, slot: PolicySlot): string {
  if (state !== "judged") return MODEL_STATES[state].label;
  return slot === "weights-only" || classState === null || classState === "inferred" ? "no verdict" : CLASS_STATES[classState].label;
}
