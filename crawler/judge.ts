/** The fourth stage: facts x policies -> verdicts on blobs, and on each model over its files. */

import type { Trace } from "../analyzer/containers/trace.ts";
import { LIMITS } from "../analyzer/limits.ts";
import type { Policy } from "../analyzer/policy/policy.ts";
import { DEFAULT_WEIGHTS_ONLY, type WeightsOnlyPolicy } from "../analyzer/policy/weights-only.ts";
import { capabilityOf } from "../analyzer/verdict/capability.ts";
import { judgeTrace } from "../analyzer/verdict/judge.ts";
import type { Mode, Verdict } from "../analyzer/verdict/verdict.ts";
import type { FileRole, PolicySlot } from "../db/schema.ts";
import { readPolicy, writePolicy } from "../db/stored-policy.ts";
import { readPrograms, readTrace } from "../db/stored-trace.ts";
import { countModels, filesOf, type ModelWork, modelsIn, policiesOf, type Selection } from "../db/work.ts";
import { findVerdict, type ModelVerdict, writeModelVerdicts, writeVerdict } from "../db/writes-verdict.ts";
import { WEIGHTS_ONLY_ENGINE } from "./engine.ts";
import { type By, MODES, verdictOnFiles } from "./judge-files.ts";
import type { JudgeTask } from "./judge-worker.ts";
import type { SurveyRun } from "./survey-run.ts";
import { WorkerPool } from "./worker-pool.ts";

/** Models that are through, and those that go no further: of these the files are unavailable. */
const TO_JUDGE: Selection = { states: ["traced", "gated", "disabled", "missing", "failed"] };

const ROLES: readonly FileRole[] = ["weights", "side"];

/** A policy that a model is judged by, as one of its candidate classes. */
interface Standing {
  readonly candidate: number;
  readonly slot: PolicySlot;
  readonly policyId: number;
  readonly policy: Policy | WeightsOnlyPolicy;
  readonly modes: readonly Mode[];
}

/** Judges the survey's models by every policy that stands for them, from the stored facts alone. */
export async function judgeModels(run: SurveyRun): Promise<void> {
  run.report({ kind: "stage", stage: "judge", models: await countModels(run.store, run.surveyId, TO_JUDGE) });
  const judging = new Judging(run);
  try {
    await judging.begin();
    for await (const model of modelsIn(run.store, run.surveyId, TO_JUDGE)) {
      if (run.signal.aborted) return;
      await judging.model(model);
    }
  } finally {
    await judging.close();
  }
}

/** Judges models one after the other. `begin` comes first. */
export class Judging {
  readonly #policies = new Map<number, Policy>();
  #weightsOnly: Standing | undefined;

  readonly #pool: WorkerPool;

  constructor(readonly run: SurveyRun) {
    const limits = { threads: 1, milliseconds: LIMITS.workSeconds.limit * 1000, megabytes: LIMITS.heapMegabytes.limit };
    this.#pool = new WorkerPool(new URL("./judge-worker.ts", import.meta.url), limits, run.effects.workers);
  }

  async begin(): Promise<void> {
    const policy = DEFAULT_WEIGHTS_ONLY;
    const policyId = await this.run.commit((store) =>
      writePolicy(store, { slot: "weights-only", policy, engine: WEIGHTS_ONLY_ENGINE }, capabilityOf),
    );
    // torch's unpickler refuses a name when it is looked up: it has no lazy mode.
    this.#weightsOnly = { candidate: 0, slot: "weights-only", policyId, policy, modes: ["strict"] };
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async model(model: ModelWork): Promise<void> {
    const standing = [this.#weightsOnly!, ...(await this.ownPolicies(model))];
    const files = await filesOf(this.run.store, model.revisionId);
    for (const { policyId, policy, modes } of standing.filter((by) => by.policy.fillers !== undefined))
      for (const mode of modes) for (const { blobId } of files) if (blobId !== null) await this.open(blobId, { policyId, policy, mode });
    await this.run.commit(async (store) => {
      const verdicts: ModelVerdict[] = [];
      for (const { candidate, slot, policyId, policy, modes } of standing) {
        for (const mode of modes) {
          for (const role of ROLES) {
            // Nothing is known of the files of a model that was not to be had; there is one loader of weights for all of them.
            const isHad = files.length > 0 || model.state === "traced";
            const without = role === "weights" ? "unavailable" : null;
            const verdict = isHad ? await verdictOnFiles(store, files, role, { policyId, policy, mode }) : without;
            if (verdict !== null) verdicts.push({ candidate, slot, mode, role, policyId, verdict });
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
    return Promise.all(own.map(async (by) => ({ ...by, policy: await this.policy(by.policyId), modes: MODES })));
  }

  private async policy(policyId: number): Promise<Policy> {
    const known = this.#policies.get(policyId) ?? (await readPolicy(this.run.store, policyId));
    this.#policies.set(policyId, known);
    return known;
  }

  /**
   * Writes the verdict on a blob under a policy whose slots are filled: what fills them, only its programs tell, which run
   * again in a worker. Where they take too much, nothing fills any.
   */
  private async open(blobId: number, { policyId, policy, mode }: By): Promise<void> {
    if ((await findVerdict(this.run.store, blobId, policyId, mode)) !== null) return;
    const { trace, pickleIds } = await readTrace(this.run.store, blobId);
    const verdict = await this.openVerdict(blobId, trace, { policyId, policy, mode });
    await this.run.commit(async (store) => {
      if ((await findVerdict(store, blobId, policyId, mode)) === null)
        await writeVerdict(store, blobId, policyId, verdict, pickleIds, capabilityOf);
    });
  }

  private async openVerdict(blobId: number, trace: Trace, { policy, mode }: By): Promise<Verdict> {
    const alone = judgeTrace(trace, policy, mode);
    const programs = alone.verdict === "blocked" ? await readPrograms(this.run.store, blobId, LIMITS.programBytes.limit) : null;
    if (programs === null) return alone;
    const answer = await this.#pool.run<JudgeTask, Verdict>({ traced: { trace, programs }, policy, mode });
    return answer.ok ? answer.value : alone;
  }
}
