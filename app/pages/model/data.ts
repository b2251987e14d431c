/** What the page of a model is made of. */
import { failed, ok, type Result } from "../../../analyzer/result.ts";
import type { Store } from "../../../db/connection.ts";
import { candidateClasses } from "../../../db/queries/candidates.ts";
import { type Evidence, findProgram, isBlockedUnder, modelEvidence } from "../../../db/queries/evidence.ts";
import { hubScansOf } from "../../../db/queries/hub-scans.ts";
import { listJudgements } from "../../../db/queries/judgements.ts";
import {
  findModel,
  type JudgedModel,
  judgedModel,
  type ModelFile,
  modelFiles,
  modelHistory,
  neededCallables,
  usedCallables,
} from "../../../db/queries/model.ts";
import { nearestName } from "../../../db/queries/nearest.ts";
import { allowedCallables } from "../../../db/queries/policies.ts";
import { hubAddress } from "../../addresses.ts";
import type { PageError, SurveyRequest } from "../../answer.tsx";
import { decompiledLines, type Statement, statementsAround } from "../../decompiled.ts";
import { type DisassemblyLine, disassembleAround } from "../../disassembly.ts";
import { partOf } from "../../parts/pages.tsx";

/** Opcodes shown before and after a blocked one. */
const EACH_SIDE = 8;

/** Statements shown before and after the one that is blocked. */
const STATEMENTS_EACH_SIDE = 2;

/** What a page shows of each list at once, so that it stays under 100 kB; its JSON has all. */
export const SHOWN = { evidence: 5, files: 12, callables: 40 } as const;

/** Programs are inflated for a page up to this many bytes. */
const LONGEST_PROGRAM = 16 * 2 ** 20;

/** Callables listed of what a model imports and calls. */
const CALLABLES = 300;

export type ModelData = Awaited<ReturnType<typeof readModel>> extends Result<infer Data, PageError> ? Data : never;

export interface ModelProps {
  readonly data: ModelData;
  readonly request: SurveyRequest;
}

/** Evidence with the opcodes around its first place and the Python that they amount to; null where the program is too long to be shown. */
export interface ShownEvidence extends Evidence {
  readonly lines: readonly DisassemblyLine[] | null;
  readonly statements: readonly Statement[];
  /** Of what the model's own class policy allows, the name that is most like this one. */
  readonly nearest: { readonly callableId: number; readonly callable: string } | null;
}

/** What a model's weights need, held against what the policy inferred for its class allows. */
interface Needs {
  /** Outside the policy. */
  readonly missing: readonly Evidence[];
  /** Allowed, and not needed by this model. */
  readonly unused: readonly { readonly callableId: number; readonly callable: string }[];
}

function needsOf(
  own: JudgedModel,
  files: readonly ModelFile[],
  evidence: readonly Evidence[],
  needed: readonly number[],
  allowed: Needs["unused"],
): Needs {
  const outside = isBlockedUnder(own, files);
  const needs = new Set(needed);
  return {
    missing: evidence.filter(({ callableId, places }) => callableId !== null && places.some(outside)),
    unused: allowed.filter(({ callableId }) => !needs.has(callableId)),
  };
}

/** Programs by the ids of their pickles, each read and decompiled once; null for one that is too long to be shown, or not stored. */
function programs(store: Store) {
  const read = async (pickleId: number) => {
    const program = await findProgram(store, pickleId, LONGEST_PROGRAM);
    return program && { program, lines: decompiledLines(program) };
  };
  const known = new Map<number, ReturnType<typeof read>>();
  return (pickleId: number) => {
    const found = known.get(pickleId) ?? read(pickleId);
    known.set(pickleId, found);
    return found;
  };
}

/** Everything that a survey knows of the model that the address names. */
export async function readModel({ store, survey, parameters, url, format }: SurveyRequest) {
  const model = await findModel(store, survey.surveyId, parameters.name!);
  if (model === null) return failed<PageError>({ kind: "not-found", message: `Survey ${survey.name} has no such model.` });
  const judged = await judgedModel(store, survey.surveyId, model.modelId);
  const files = await modelFiles(store, model.revisionId, judged);
  const evidence = await modelEvidence(store, files, judged);
  const whole = format === "json";
  const part = <Row>(rows: readonly Row[], name: keyof typeof SHOWN) =>
    whole ? { from: 1, total: rows.length, rows } : partOf(rows, url.searchParams, name, SHOWN[name]);
  const shown = part(evidence, "evidence");
  const own = judged.find(({ slot, role }) => slot.startsWith("class") && role === "weights") ?? null;
  const allowed = own === null ? [] : await allowedCallables(store, own.policyId);
  const names = allowed.map(({ callable }) => callable);
  const needed = await neededCallables(store, model.revisionId, "weights");
  const programOf = programs(store);
  const rows = shown.rows.map(async (found): Promise<ShownEvidence> => {
    const { pickleId, offset } = found.places[0]!;
    const stored = await programOf(pickleId);
    return {
      ...found,
      nearest: found.callable === null ? null : (allowed.find(({ callable }) => callable === nearestName(found.callable!, names)) ?? null),
      lines: stored && disassembleAround(stored.program, offset, EACH_SIDE),
      statements: stored === null ? [] : statementsAround(stored.lines, stored.program, offset, STATEMENTS_EACH_SIDE),
    };
  });
  return ok({
    survey,
    model,
    hub: hubAddress(survey.hub, model.name, model.commitSha),
    judgements: await listJudgements(store, survey.surveyId),
    judged,
    candidates: await candidateClasses(store, survey.surveyId, [model.modelId]),
    /** The verdict under the policy of its own class, where it has one. */
    own,
    files,
    shownFiles: part(files, "files"),
    /** Everything that is blocked, and the part of it that is shown, with what is around it. */
    evidence,
    shownEvidence: { ...shown, rows: await Promise.all(rows) },
    /** Callables that its weights look up or call. */
    weightsCallables: needed.length,
    needs: own === null ? null : needsOf(own, files, evidence, needed, allowed),
    callables: part(await usedCallables(store, model.revisionId, CALLABLES), "callables"),
    hubScans: await hubScansOf(store, model.revisionId),
    history: await modelHistory(store, model.modelId),
  });
}
