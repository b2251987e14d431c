/** The fourth stage: facts x policies -> verdicts on blobs, and on each model over its files. */
import type { Policy } from "../analyzer/policy/policy.ts";
import { DEFAULT_WEIGHTS_ONLY, type WeightsOnlyPolicy } from "../analyzer/policy/weights-only.ts";
import { capabilityOf } from "../analyzer/verdict/capability.ts";
import { judgeTrace } from "../analyzer/verdict/judge.ts";
import type { Mode, VerdictKind } from "../analyzer/verdict/verdict.ts";
import type { Store } from "../db/connection.ts";
import type { FileRole, PolicySlot } from "../db/schema.ts";
import { readPolicy, writePolicy } from "../db/stored-policy.ts";
import { hasPickles, readTrace } from "../db/stored-trace.ts";
import { countModels, type FileWork, filesOf, type ModelWork, modelsIn, policiesOf, type Selection } from "../db/work.ts";
import { findVerdict, type ModelVerdict, writeModelVerdicts, writeVerdict } from "../db/writes-verdict.ts";
import { WEIGHTS_ONLY_ENGINE } from "./engine.ts";
import type { SurveyRun } from "./survey-run.ts";

/** Models that are through, and those that go no further: of these the files are unavailable. */
const TO_JUDGE: Selection = { states: ["traced", "gated", "disabled", "missing", "failed"] };

/** Worst first. What blocks is known; of what is broken, unread or not had, only that it cannot be said to load. */
const BADNESS: readonly VerdictKind[] = ["blocked", "malformed", "unsupported", "unfinished", "unavailable", "loads"];

const ROLES: readonly FileRole[] = ["weights", "side"];

/** A policy that a model is judged by. */
interface Standing {
  readonly slot: PolicySlot;
  readonly policyId: number;
  readonly policy: Policy | WeightsOnlyPolicy;
  readonly modes: readonly Mode[];
}

/** Judges the survey's models by every policy that stands for them, from the stored facts alone. */
export async function judgeModels(run: SurveyRun): Promise<void> {
  run.report({ kind: "stage", stage: "judge", models: await countModels(run.store, run.surveyId, TO_JUDGE) });
  const judging = new Judging(run);
  await judging.begin();
  for await (const model of modelsIn(run.store, run.surveyId, TO_JUDGE)) {
    if (run.signal.aborted) return;
    await judging.model(model);
  }
}

/** The verdict of a role: the worst of its files'. Null where no file of the role holds a pickle, or may hold one. */
export function worstOf(verdicts: readonly VerdictKind[]): VerdictKind | null {
  return BADNESS.find((kind) => verdicts.includes(kind)) ?? null;
}

/** Judges models one after the other. `begin` comes first. */
export class Judging {
  readonly #policies = new Map<number, Policy>();
  #weightsOnly: Standing | undefined;

  constructor(readonly run: SurveyRun) {}

  async begin(): Promise<void> {
    const policy = DEFAULT_WEIGHTS_ONLY;
    const policyId = await this.run.commit((store) =>
      writePolicy(store, { slot: "weights-only", policy, engine: WEIGHTS_ONLY_ENGINE }, capabilityOf),
    );
    // torch's unpickler refuses a name when it is looked up: it has no lazy mode.
    this.#weightsOnly = { slot: "weights-only", policyId, policy, modes: ["strict"] };
  }

  async model(model: ModelWork): Promise<void> {
    const standing = [this.#weightsOnly!, ...(await this.ownPolicies(model))];
    const files = await filesOf(this.run.store, model.revisionId);
    await this.run.commit(async (store) => {
      const verdicts: ModelVerdict[] = [];
      for (const { slot, policyId, policy, modes } of standing) {
        for (const mode of modes) {
          for (const role of ROLES) {
            const kinds = await this.files(store, model, files, role, { policyId, policy, mode });
            const verdict = worstOf(kinds);
            if (verdict !== null) verdicts.push({ slot, mode, role, policyId, verdict });
          }
        }
      }
      await writeModelVerdicts(store, this.run.surveyId, model.modelId, verdicts);
    });
    const state = model.state === "traced" ? "judged" : model.state;
    this.run.report({ kind: "model", model: model.name, state, failure: null });
  }

  private async ownPolicies(model: ModelWork): Promise<Standing[]> {
    const own = await policiesOf(this.run.store, this.run.surveyId, model.modelId);
    return Promise.all(
      own.map(async ({ slot, policyId }) => ({ slot, policyId, policy: await this.policy(policyId), modes: ["strict", "lazy"] as const })),
    );
  }

  private async policy(policyId: number): Promise<Policy> {
    const known = this.#policies.get(policyId) ?? (await readPolicy(this.run.store, policyId));
    this.#policies.set(policyId, known);
    return known;
  }

  private async files(
    store: Store,
    model: ModelWork,
    files: readonly FileWork[],
    role: FileRole,
    by: { policyId: number; policy: Policy; mode: Mode },
  ): Promise<VerdictKind[]> {
    // Nothing is known of the files of a model that was not to be had; there is one loader of weights for all of them.
    if (files.length === 0 && model.state !== "traced") return role === "weights" ? ["unavailable"] : [];
    const kinds: VerdictKind[] = [];
    for (const file of files.filter((candidate) => candidate.role === role)) {
      const kind = file.blobId === null ? "unavailable" : await this.blob(store, file.blobId, by);
      if (kind !== null) kinds.push(kind);
    }
    return kinds;
  }

  /** The verdict on a blob, which is judged once by each policy. Null where it was read to its end and holds no pickle. */
  private async blob(
    store: Store,
    blobId: number,
    { policyId, policy, mode }: { policyId: number; policy: Policy; mode: Mode },
  ): Promise<VerdictKind | null> {
    const known = await findVerdict(store, blobId, policyId, mode);
    if (known !== null) return known === "loads" && !(await hasPickles(store, blobId)) ? null : known;
    const { trace, pickleIds } = await readTrace(store, blobId);
    const verdict = judgeTrace(trace, policy, mode);
    await writeVerdict(store, blobId, policyId, verdict, pickleIds, capabilityOf);
    return trace.pickles.length === 0 && verdict.verdict === "loads" ? null : verdict.verdict;
  }
}
