/**
 * The last of judging: each model by what the survey's other models of its class, or else of its library, were seen to do
 * (`observed`). It begins once all of them are judged otherwise, and is done anew whenever one of them changed.
 */
import { createHash } from "node:crypto";
import type { Fact } from "../analyzer/pickle/facts.ts";
import { observedByOthers, observedPolicy } from "../analyzer/policy/observed.ts";
import type { Policy } from "../analyzer/policy/policy.ts";
import { capabilityOf } from "../analyzer/verdict/capability.ts";
import { modelsOfGroup, type ObservedGroup, type ObservedPickle, observedGroups, picklesOfGroup } from "../db/observations.ts";
import { writePolicy } from "../db/stored-policy.ts";
import { readFacts } from "../db/stored-trace.ts";
import { filesOf } from "../db/work.ts";
import { writeSlotVerdicts } from "../db/writes-verdict.ts";
import { OBSERVED_ENGINE } from "./engine.ts";
import { MODES, verdictOnFiles } from "./judge-files.ts";
import type { SurveyRun } from "./survey-run.ts";

/** Hexadecimal digits by which policies of one group are told apart: whoever observed the same has the same. */
const TOLD_APART_BY = 12;

/** Judges the survey's models by what the others were seen to do. Groups of one model have no others. */
export async function judgeByOthers(run: SurveyRun): Promise<void> {
  const groups = await observedGroups(run.store, run.surveyId);
  run.report({ kind: "stage", stage: "observe", models: groups.length });
  for (const group of groups) {
    if (run.signal.aborted) return;
    await judgeGroup(run, group);
  }
}

async function judgeGroup(run: SurveyRun, group: ObservedGroup): Promise<void> {
  const models = await modelsOfGroup(run.store, run.surveyId, group);
  const pickles = await picklesOfGroup(run.store, run.surveyId, group);
  const contents = contentsOf(pickles);
  const isAlone = new Set(contents.values()).size < 2;
  const policy = isAlone ? null : named(group, await observe(run, pickles, contents));
  const policyId =
    policy === null
      ? null
      : await run.commit((store) => writePolicy(store, { slot: "observed", policy, engine: OBSERVED_ENGINE }, capabilityOf));
  for (const { modelId, revisionId } of models) {
    if (run.signal.aborted) return;
    const files = await filesOf(run.store, revisionId);
    await run.commit(async (store) => {
      const verdicts = [];
      for (const mode of policyId === null ? [] : MODES) {
        const verdict = await verdictOnFiles(store, files, "weights", { policyId: policyId!, policy: policy!, mode });
        if (verdict !== null) verdicts.push({ mode, policyId: policyId!, verdict });
      }
      await writeSlotVerdicts(store, run.surveyId, modelId, "observed", verdicts);
    });
  }
  run.report({ kind: "model", model: group.class ?? group.library!, state: "judged", failure: null });
}

/** By model, what its weights are: copies of one model have seen nothing that the other has not. */
function contentsOf(pickles: readonly ObservedPickle[]): ReadonlyMap<number, string> {
  const blobs = new Map<number, Set<number>>();
  for (const { modelId, blobId } of pickles) blobs.set(modelId, (blobs.get(modelId) ?? new Set()).add(blobId));
  return new Map(Array.from(blobs, ([modelId, ids]) => [modelId, [...ids].sort((a, b) => a - b).join(" ")]));
}

/** What more than one of the models does. Pickles that do the same are read once, and as often as there are models that tell them apart. */
async function observe(run: SurveyRun, pickles: readonly ObservedPickle[], contents: ReadonlyMap<number, string>): Promise<Policy> {
  const seen = new Map<number, { policy: Policy; of: Set<string> }>();
  for (const { modelId, model, path, pickleId, factSetId } of pickles) {
    const of = contents.get(modelId)!;
    const known = seen.get(factSetId);
    // A third model of the same shows nothing that two do not.
    if (known !== undefined && known.of.size < 2) known.of.add(of);
    if (known === undefined) {
      const facts = await readFacts(run.store, pickleId);
      const ofKind = <Kind extends Fact["kind"]>(kind: Kind) =>
        facts.filter((fact): fact is Extract<Fact, { readonly kind: Kind }> => fact.kind === kind);
      seen.set(factSetId, {
        policy: observedPolicy({ file: `${model}/${path}`, imports: ofKind("import"), calls: ofKind("call") }),
        of: new Set([of]),
      });
    }
  }
  return observedByOthers(
    "",
    [...seen.values()].flatMap(({ policy, of }) => Array.from(of, (each) => ({ of: each, policy }))),
  );
}

/** Under a name by what it is of and what it allows. */
function named(group: ObservedGroup, policy: Policy): Policy {
  const names = (list: "imports" | "calls") => policy[list].map(({ callable, module }) => [callable, module ?? null]);
  const sha256 = createHash("sha256")
    .update(JSON.stringify([names("imports"), names("calls")]))
    .digest("hex");
  return { ...policy, class: group.class, name: `observed:${group.class ?? group.library}#${sha256.slice(0, TOLD_APART_BY)}` };
}
