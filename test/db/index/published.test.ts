/** Every number of a page is the same whether it is counted from the tables or was published with the derived index. */
import { expect, test } from "vitest";
import { buildIndex } from "../../../db/index/build-index.ts";
import { loadIndex } from "../../../db/index/survey-index.ts";
import { blockedCapabilities, blockedModules, blockedOpcodes, topBlockers } from "../../../db/queries/blockers.ts";
import { callableGroups, firstSeen } from "../../../db/queries/callable-details.ts";
import { blockedUnder, callableModels, callableUse, findCallables, listCallables } from "../../../db/queries/callables.ts";
import { ALL_MODELS, type ModelQuery } from "../../../db/queries/filters.ts";
import { listIndexed } from "../../../db/queries/indexed-models.ts";
import { isOfClass, listJudgements, listLenses } from "../../../db/queries/judgements.ts";
import { countFacets, listModels } from "../../../db/queries/models.ts";
import { listPolicies, policyUse } from "../../../db/queries/policies.ts";
import { DIMENSIONS, type Dimension, loadSuccess, successBy, successByContainer, successOverTime } from "../../../db/queries/success.ts";
import { sampleSurvey } from "../queries/sample.ts";

type Sample = Awaited<ReturnType<typeof sampleSurvey>>;

/** Everything that pages ask, by what it is asked under. */
async function answers({ store, surveyId }: Sample): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {
    judgements: await listJudgements(store, surveyId),
    lenses: await listLenses(store, surveyId),
    success: await loadSuccess(store, surveyId),
  };
  for (const lens of await listLenses(store, surveyId)) {
    const under = `${lens.slot} ${lens.mode} ${lens.role}`;
    found[`time ${under}`] = await successOverTime(store, lens);
    for (const dimension of Object.keys(DIMENSIONS) as Dimension[])
      for (const limit of [3, 1_000]) found[`${dimension} ${limit} ${under}`] = await successBy(store, surveyId, lens, dimension, limit);
    found[`containers ${under}`] = await successByContainer(store, surveyId, lens, 1_000);
    for (const limit of [2, 1_000]) found[`blockers ${limit} ${under}`] = await topBlockers(store, surveyId, lens, limit);
    for (const { name } of (await successBy(store, surveyId, lens, "library", 1_000)).groups)
      if (name !== null) found[`blockers of library ${name} ${under}`] = await topBlockers(store, surveyId, lens, 1_000, { library: name });
    for (const { name } of (await successBy(store, surveyId, lens, "class", 1_000)).groups)
      if (name !== null && isOfClass(lens))
        found[`blockers of class ${name} ${under}`] = await topBlockers(store, surveyId, lens, 1_000, { class: name });
    found[`modules ${under}`] = await blockedModules(store, surveyId, lens, 1_000);
    found[`capabilities ${under}`] = await blockedCapabilities(store, surveyId, lens);
    found[`opcodes ${under}`] = await blockedOpcodes(store, surveyId, lens);
  }
  for (const q of ["", "TORCH", "nothing is called this"]) {
    const callables = await listCallables(store, surveyId, q, 1_000);
    found[`callables ${q}`] = callables;
    if (q !== "TORCH") continue;
    for (const { callable } of callables) {
      const [one] = await findCallables(store, callable);
      found[`use ${callable}`] = await callableUse(store, surveyId, one!);
      found[`models ${callable}`] = await callableModels(store, surveyId, one!, 4, await loadIndex(store, surveyId));
      found[`groups ${callable}`] = await callableGroups(store, surveyId, one!, await loadIndex(store, surveyId));
      found[`first ${callable}`] = await firstSeen(store, one!);
      found[`blocked ${callable}`] = await blockedUnder(store, surveyId, one!);
    }
  }
  for (const { policyId } of await listPolicies(store)) found[`policy ${policyId}`] = await policyUse(store, surveyId, policyId);
  return found;
}

test("the numbers of pages", async () => {
  const sample = await sampleSurvey();
  await sample.store.updateTable("blocked").set({ callable_id: null }).where("ordinal", "=", 3).execute();
  const counted = await answers(sample);
  expect(Object.keys(counted).length).toBeGreaterThan(60);
  await buildIndex(sample.store, sample.surveyId);
  const published = await answers(sample);
  const blocking = Object.entries(counted).filter(
    ([name, answer]) => name.startsWith("blockers of class ") && (answer as unknown[]).length > 0,
  );
  expect(blocking.length).toBeGreaterThan(0);
  for (const [name, answer] of Object.entries(counted)) expect({ [name]: published[name] }).toEqual({ [name]: answer });
});

test("lists of models in every order, page after page, with their facets", async () => {
  const { store, surveyId } = await sampleSurvey();
  await buildIndex(store, surveyId);
  const index = (await loadIndex(store, surveyId))!;
  const none = ALL_MODELS.filters;
  const queries: Partial<ModelQuery>[] = [
    {},
    { q: "ner", filters: { ...none, verdict: ["blocked", "none"], container: ["torch-zip", "joblib"] } },
    {
      filters: { ...none, library: ["flair", "none"], year: ["2025"], verdict: ["loads"] },
      lens: { slot: "class", mode: "lazy", role: "weights" },
    },
    { filters: { ...none, container: ["pickle"], format: ["none"] } },
    { filters: { ...none, verdict: ["blocked"] }, lens: { slot: "weights-only", mode: "strict", role: "side" } },
    { filters: { ...none, verdict: ["none"] }, lens: { slot: "observed", mode: "strict", role: "weights" } },
    { filters: { ...none, library: ["of nobody"] } },
  ];
  for (const sort of ["downloads", "likes", "name"] as const)
    for (const query of queries) {
      let asked: ModelQuery | null = { ...ALL_MODELS, ...query, sort };
      for (let pages = 0; asked !== null && pages < 4; pages++) {
        const { page, facets } = await listIndexed(store, index, { ...asked, size: 9 });
        expect(page).toEqual(await listModels(store, surveyId, { ...asked, size: 9 }));
        expect(facets).toEqual(await countFacets(store, surveyId, asked));
        asked = page.next;
      }
    }
});
