/** What the page of a model is made of. */
import { failed, ok, type Result } from "../../../analyzer/result.ts";
import { type Evidence, findProgram, modelEvidence } from "../../../db/queries/evidence.ts";
import { listJudgements } from "../../../db/queries/judgements.ts";
import { findModel, judgedModel, modelFiles, modelHistory, usedCallables } from "../../../db/queries/model.ts";
import { hubAddress } from "../../addresses.ts";
import type { PageError, SurveyRequest } from "../../answer.tsx";
import { type DisassemblyLine, disassembleAround } from "../../disassembly.ts";

/** Opcodes shown before and after a blocked one. */
const EACH_SIDE = 7;

/** Blocked callables shown with the opcodes around them; the rest are listed. */
const SHOWN_IN_FULL = 16;

/** Programs are inflated for a page up to this many bytes. */
const LONGEST_PROGRAM = 16 * 2 ** 20;

/** Callables listed of what a model imports and calls. */
const CALLABLES = 300;

export type ModelData = Awaited<ReturnType<typeof readModel>> extends Result<infer Data, PageError> ? Data : never;

export interface ModelProps {
  readonly data: ModelData;
  readonly request: SurveyRequest;
}

/** Evidence with the opcodes around its first place; null where the program is too long to be shown, or one of many. */
export interface ShownEvidence extends Evidence {
  readonly lines: readonly DisassemblyLine[] | null;
}

/** Everything that a survey knows of the model that the address names. */
export async function readModel({ store, survey, parameters }: SurveyRequest) {
  const model = await findModel(store, survey.surveyId, parameters.name!);
  if (model === null) return failed<PageError>({ kind: "not-found", message: `Survey ${survey.name} has no such model.` });
  const judged = await judgedModel(store, survey.surveyId, model.modelId);
  const files = await modelFiles(store, model.revisionId, judged);
  const evidence = await modelEvidence(store, files, judged);
  const shown = evidence.map(async (found, index): Promise<ShownEvidence> => {
    const { pickleId, offset } = found.places[0]!;
    const inFull = index < SHOWN_IN_FULL && found.callableId !== null;
    const program = inFull ? await findProgram(store, pickleId, LONGEST_PROGRAM) : null;
    return { ...found, lines: program && disassembleAround(program, offset, EACH_SIDE) };
  });
  return ok({
    survey,
    model,
    hub: hubAddress(survey.hub, model.name, model.commitSha),
    judgements: await listJudgements(store, survey.surveyId),
    judged,
    files,
    evidence: await Promise.all(shown),
    callables: await usedCallables(store, model.revisionId, CALLABLES),
    history: await modelHistory(store, model.modelId),
  });
}
