/** The third stage: which class each model loads as, and the policy of that class from the source that fits its date. */

import { LIMITS } from "../analyzer/limits.ts";
import { failed, ok, type Result } from "../analyzer/result.ts";
import { capabilityOf } from "../analyzer/verdict/capability.ts";
import { findClassPolicy, writeInferenceCost, writePolicy } from "../db/stored-policy.ts";
import type { Source } from "../db/stored-source.ts";
import { countModels, filesOf, type ModelWork, modelsIn, rootsOf, type Selection } from "../db/work.ts";
import { type ChosenClass, findClassOfRevision, setClass } from "../db/writes-crawl.ts";
import { type ClassEvidence, chooseClass, mayNameClass, topModule } from "./choose-class.ts";
import { forEachConcurrently } from "./concurrently.ts";
import { distributionOfModule, distributionOfTag } from "./distributions.ts";
import { CLASS_ENGINE } from "./engine.ts";
import type { InferAnswer, InferTask } from "./infer-worker.ts";
import { contentsOf } from "./library-source.ts";
import { describeSourceFailure, LibrarySources } from "./library-sources.ts";
import { parseMetadata } from "./metadata.ts";
import type { SurveyRun } from "./survey-run.ts";
import { WorkerPool } from "./worker-pool.ts";

/** Models of which no class was looked for. */
export const TO_INFER: Selection = { states: ["traced", "judged"], classUnknown: true };
/** Inference is all work and no waiting: more threads than cores gain nothing. */
const THREADS = 2;

type Chosen = ChosenClass;

/** Chooses the classes of the survey's models, and infers the policies that the store does not have. */
export async function inferPolicies(run: SurveyRun): Promise<void> {
  run.report({ kind: "stage", stage: "infer", models: await countModels(run.store, run.surveyId, TO_INFER) });
  const inference = new Inference(run);
  try {
    await forEachConcurrently(modelsIn(run.store, run.surveyId, TO_INFER), run.concurrency, run.signal, (model) => inference.model(model));
  } finally {
    await inference.close();
  }
}

/** A stored policy, and the library's files that did not parse. */
interface InferredPolicy {
  readonly policyId: number;
  readonly unparsed: readonly string[];
}

/** Chooses classes, and infers policies: each once, for all the models that wait for it. */
export class Inference {
  readonly #sources: LibrarySources;
  /** Policies by class and source, as asked for: models of one class wait for the same inference. */
  readonly #policies = new Map<string, Promise<Result<InferredPolicy, string>>>();

  readonly #pool = new WorkerPool(new URL("./infer-worker.ts", import.meta.url), {
    threads: THREADS,
    milliseconds: LIMITS.workSeconds.limit * 1000,
    megabytes: LIMITS.heapMegabytes.limit,
  });

  constructor(readonly run: SurveyRun) {
    this.#sources = new LibrarySources(run);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async model(model: ModelWork): Promise<void> {
    const known = await findClassOfRevision(this.run.store, model.revisionId, CLASS_ENGINE);
    const chosen = known ?? (await this.search(model));
    if (chosen.state === "unavailable" && this.run.interrupted) return;
    await this.run.commit((store) => setClass(store, this.run.surveyId, model.modelId, chosen, CLASS_ENGINE));
    this.run.report({ kind: "model", model: model.name, state: model.state, failure: null });
  }

  private async search(model: ModelWork): Promise<Chosen> {
    const weights = (await filesOf(this.run.store, model.revisionId)).filter(({ role }) => role === "weights");
    const pickles = await rootsOf(this.run.store, weights);
    const { architectures, autoMap = [], card = [] } = parseMetadata(model.metadata);
    const roots = pickles.flatMap(({ path, root }) => (root === null ? [] : [{ path, root }]));
    if (pickles.length === 0) return none("no-class", "its weights hold no pickle");
    const chosen = await this.choose(model, { roots, architectures, autoMap, card });
    const isOwnCode = chosen.state === "no-class" && autoMap.length > 0;
    return isOwnCode ? none("no-class", `config.json's auto_map names ${autoMap.join(", ")}: code of a repository, of no library`) : chosen;
  }

  /** Tries the libraries that the model may be of, the one that the Hub names first. */
  private async choose(model: ModelWork, evidence: ClassEvidence): Promise<Chosen> {
    if (!mayNameClass(evidence)) return none("no-class", "neither its pickles nor its configuration nor its card name a class");
    const distributions = distributionsOf(model.library, evidence);
    if (distributions.length === 0) return none("no-class", "the Hub names no library for it, and its pickles none that is known");
    const failures: Chosen[] = [];
    for (const distribution of distributions) {
      const source = await this.#sources.at(distribution, model.modifiedAt);
      if (!source.ok) {
        failures.push(none(source.error.kind === "none" ? "no-source" : "unavailable", describeSourceFailure(source.error)));
        continue;
      }
      const chosen = chooseClass(evidence, contentsOf(source.value));
      if (chosen !== null) return this.withPolicy(chosen, source.value);
      failures.push(none("no-class", `nothing names a class of ${distribution} ${source.value.version}`));
    }
    // What may still come out otherwise counts before what will not.
    return failures.find(({ state }) => state === "unavailable") ?? failures[0]!;
  }

  private async withPolicy(chosen: { class: string; reason: string }, source: Source): Promise<Chosen> {
    const dependencies = await this.#sources.dependenciesOf(source);
    if (!dependencies.ok) {
      const reason = `${chosen.reason}; no policy: ${describeSourceFailure(dependencies.error)}`;
      return { state: "unavailable", class: chosen.class, policyId: null, reason };
    }
    const key = `${chosen.class} ${source.sha256}`;
    const policy = this.#policies.get(key) ?? this.policy(chosen.class, source, dependencies.value);
    this.#policies.set(key, policy);
    const inferred = await policy;
    if (!inferred.ok)
      return { state: "no-policy", class: chosen.class, policyId: null, reason: `${chosen.reason}; no policy: ${inferred.error}` };
    return {
      state: "inferred",
      class: chosen.class,
      policyId: inferred.value.policyId,
      reason: `${chosen.reason}${remarkOn(inferred.value.unparsed)}`,
    };
  }

  /** The policy of a class: the store's, or else inferred now. An error, in words, where the source does not give one. */
  private async policy(cls: string, source: Source, dependencies: readonly Source[]): Promise<Result<InferredPolicy, string>> {
    const stored = await findClassPolicy(this.run.store, cls, source.sha256, CLASS_ENGINE);
    if (stored !== null) return ok(stored);
    this.run.report({ kind: "policy", class: cls, distribution: source.distribution, version: source.version });
    const answer = await this.#pool.run<InferTask, InferAnswer>({
      library: treeOf(source),
      dependencies: dependencies.map(treeOf),
      class: cls,
    });
    if (!answer.ok) return failed(`inference: ${answer.error.message}`);
    if (!answer.value.ok) return failed(answer.value.error.message);
    const { policy, unparsed, cost } = answer.value.value;
    const policyId = await this.run.commit(async (store) => {
      const written = await writePolicy(store, { slot: "class", policy, engine: CLASS_ENGINE, unparsed }, capabilityOf);
      await writeInferenceCost(store, written, cost);
      return written;
    });
    return ok({ policyId, unparsed });
  }
}

/** What did not parse, in words; the same whether the policy was inferred now or before the survey was killed. */
function remarkOn(unparsed: readonly string[]): string {
  return unparsed.length === 0 ? "" : `; ${unparsed.length} of the library's files do not parse, ${unparsed[0]} first`;
}

function none(state: Chosen["state"], reason: string): Chosen {
  return { state, class: null, policyId: null, reason };
}

function distributionsOf(library: string | null, evidence: ClassEvidence): string[] {
  const tagged = library === null ? null : distributionOfTag(library);
  const rooted = evidence.roots.map(({ root }) => distributionOfModule(topModule(root)));
  return [...new Set([tagged, ...rooted])].filter((name) => name !== null);
}

function treeOf({ distribution, version, sha256, files }: Source) {
  return { name: distribution, version, sha256, files };
}
