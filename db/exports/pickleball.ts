/**
 * Tables of PickleBall (Kellas et al., CCS 2025) for this store's surveys, so that they can be laid side by side. Table 1:
 * for each library, what its models were observed to import and call, what its class policies allow, what of the former
 * is outside them, and how many models load. Figures 2 and 3: what models come in, over time and at one moment.
 */
import { sql } from "kysely";
import type { Store } from "../connection.ts";
import { formatShares } from "../queries/formats.ts";
import { listSurveys } from "../queries/surveys.ts";
import { type ExportRow, type ExportTable, integer, text } from "./table.ts";

interface Names {
  readonly library: string;
  readonly kind: "import" | "call";
  readonly names: number;
}

async function* table1Rows(store: Store, surveyId: number): AsyncGenerator<ExportRow> {
  const [models, allowed, observed, missed] = await Promise.all([
    judgedByLibrary(store, surveyId),
    allowedNames(store, surveyId),
    observedNames(store, surveyId, false),
    observedNames(store, surveyId, true),
  ]);
  const count = (rows: readonly Names[], library: string, kind: Names["kind"]) =>
    rows.find((row) => row.library === library && row.kind === kind)?.names ?? 0;
  for (const { library, ...loads } of models)
    yield {
      library,
      imports_observed: count(observed, library, "import"),
      imports_allowed: count(allowed, library, "import"),
      imports_missed: count(missed, library, "import"),
      calls_observed: count(observed, library, "call"),
      calls_allowed: count(allowed, library, "call"),
      calls_missed: count(missed, library, "call"),
      ...loads,
    };
}

/** The models whose weights were judged under a class policy, by the library that it was inferred from. */
function judgedModels(surveyId: number) {
  return sql`(select mv.model_id, mv.policy_id, policy.library, mv.verdict, sm.revision_id from model_verdict mv
    join policy on policy.policy_id = mv.policy_id
    join survey_model sm on sm.survey_id = mv.survey_id and sm.model_id = mv.model_id
    where mv.survey_id = ${surveyId} and mv.slot = 'class' and mv.mode = 'lazy' and mv.role = 'weights')`;
}

async function judgedByLibrary(store: Store, surveyId: number) {
  const { rows } = await sql<{ library: string; models: number; loads_weights_only: number; loads_class: number }>`
    select judged.library, count(*) as models, count(*) filter (where wo.verdict = 'loads') as loads_weights_only,
      count(*) filter (where judged.verdict = 'loads') as loads_class
    from ${judgedModels(surveyId)} judged
    left join model_verdict wo on wo.survey_id = ${surveyId} and wo.model_id = judged.model_id and wo.slot = 'weights-only'
      and wo.mode = 'strict' and wo.role = 'weights'
    group by judged.library order by judged.library`.execute(store);
  return rows;
}

async function allowedNames(store: Store, surveyId: number): Promise<readonly Names[]> {
  const { rows } = await sql<Names>`
    select judged.library, pe.kind, count(distinct pe.callable_id) as names
    from (select distinct library, policy_id from ${judgedModels(surveyId)} once) judged
    join policy_entry pe on pe.policy_id = judged.policy_id
    group by judged.library, pe.kind`.execute(store);
  return rows;
}

/** Distinct names that the models' weights look up and call; of `missed`, only those that are blocked in some of them. */
async function observedNames(store: Store, surveyId: number, missed: boolean): Promise<readonly Names[]> {
  const outside = missed
    ? sql`and not exists (select 1 from policy_entry pe where pe.policy_id = judged.policy_id and pe.kind = fact.kind
        and pe.callable_id = fact.callable_id)`
    : sql``;
  const { rows } = await sql<Names>`
    select judged.library, fact.kind, count(distinct fact.callable_id) as names
    from ${judgedModels(surveyId)} judged
    join file on file.revision_id = judged.revision_id and file.role = 'weights'
    join pickle on pickle.blob_id = file.blob_id
    join fact on fact.pickle_id = pickle.pickle_id and fact.kind in ('import', 'call') ${outside}
    group by judged.library, fact.kind`.execute(store);
  return rows;
}

export const pickleballTable1: ExportTable = {
  name: "pickleball-table-1",
  description: "PickleBall's table 1 for this survey: names observed, allowed and missed, and models that load, by library.",
  columns: [
    text("library", "The distribution whose classes the models load as."),
    integer("imports_observed", "Distinct callables that the models' weights look up."),
    integer("imports_allowed", "Distinct callables that the models' class policies let be looked up."),
    integer("imports_missed", "Of those observed, those outside the policy of a model that looks them up."),
    integer("calls_observed", "Distinct callables that the models' weights call."),
    integer("calls_allowed", "Distinct callables that the models' class policies let be called."),
    integer("calls_missed", "Of those observed, those outside the policy of a model that calls them."),
    integer("models", "Models whose weights were judged under a class policy of the library."),
    integer("loads_weights_only", "Of those, how many load under torch's weights-only."),
    integer("loads_class", "Of those, how many load under their class policy, lazy as PickleBall is."),
  ],
  rows: table1Rows,
};

const FORMAT = text(
  "format",
  "pickle, pickle+safetensors, safetensors, gguf (which takes precedence) or other, by the names of its files; null: not told.",
);

/** Figure 3: formats at one moment. */
export const pickleballFigure3: ExportTable = {
  name: "pickleball-figure-3",
  description: "PickleBall's figure 3 for this survey: models and downloads by the formats that they come in.",
  columns: [FORMAT, integer("models", "Models of the survey."), integer("downloads", "Their monthly downloads.")],
  rows: async function* (store, surveyId) {
    for (const { format, models, downloads } of await formatShares(store, surveyId)) yield { format, models, downloads };
  },
};

/** Figure 2: the same over time, a survey for each moment. */
export const pickleballFigure2: ExportTable = {
  name: "pickleball-figure-2",
  description: "PickleBall's figure 2: models and downloads by format in every finished survey of the store, the earliest first.",
  columns: [text("survey", "Its name."), text("started_at", "When it began, UTC."), ...pickleballFigure3.columns],
  rows: async function* (store) {
    for (const { surveyId, name, startedAt, finishedAt } of (await listSurveys(store)).toReversed())
      if (finishedAt !== null)
        for (const { format, models, downloads } of await formatShares(store, surveyId))
          yield { survey: name, started_at: startedAt, format, models, downloads };
  },
};
