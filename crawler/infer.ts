/** The third stage: which classes each model may load as, and the policies of them from the source that fits its date. */

import { LIMITS } from "../analyzer/limits.ts";
import { ok } from "../analyzer/result.ts";
import type { StoredPolicy } from "../db/stored-policy.ts";
import type { Source } from "../db/stored-source.ts";
import { countModels, type FileWork, filesOf, type ModelWork, modelsIn, namesIn, rootsOf, type Selection } from "../db/work.ts";
import { type Candidate, type ChosenClass, findClassOfRevision, setClass } from "../db/writes-class.ts";
import {
  bySureness,
  type ClassCandidate,
  type ClassEvidence,
  classCandidates,
  mayNameClass,
  reasonFor,
  topModule,
} from "./choose-class.ts";
import { ClassPolicies, type ClassSlot, type PolicyResult } from "./class-policies.ts";
import { forEachConcurrently } from "./concurrently.ts";
import { distributionOfModule, distributionOfTag } from "./distributions.ts";
import { CLASS_ENGINE } from "./engine.ts";
import { contentsOf } from "./library-source.ts";
import { describeSourceFailure, LibrarySources } from "./library-sources.ts";
import { parseMetadata } from "./metadata.ts";
import type { SurveyRun } from "./survey-run.ts";

/** Models of which no class was looked for. */
export const TO_INFER: Selection = { states: ["traced", "judged"], classUnknown: true };

/** Finds the classes of the survey's models, and infers the policies that the store does not have. */
export async function inferPolicies(run: SurveyRun): Promise<void> {
  run.report({ kind: "stage", stage: "infer", models: await countModels(run.store, run.surveyId, TO_INFER) });
  const inference = new Inference(run);
  try {
    await forEachConcurrently(modelsIn(run.store, run.surveyId, TO_INFER), run.concurrency, run.signal, (model) => inference.model(model));
  } finally {
    await inference.close();
  }
}

/** A class of a library, in the release that fits the model. */
interface Found {
  readonly candidate: ClassCandidate;
  readonly source: Source;
}

/** Finds classes, and infers their policies: each once, for all the models that wait for it. */
export class Inference {
  readonly #sources: LibrarySources;
  readonly #policies: ClassPolicies;

  constructor(readonly run: SurveyRun) {
    this.#sources = new LibrarySources(run);
    this.#policies = new ClassPolicies(run, this.#sources);
  }

  close(): Promise<void> {
    return this.#policies.close();
  }

  async model(model: ModelWork): Promise<void> {
    const known = await findClassOfRevision(this.run.store, model.revisionId, CLASS_ENGINE);
    const chosen = known ?? (await this.search(model));
    const isUnavailable = chosen.state === "unavailable" || chosen.candidates.some(({ state }) => state === "unavailable");
    if (isUnavailable && this.run.interrupted) return;
    await this.run.commit((store) => setClass(store, this.run.surveyId, model.modelId, chosen, CLASS_ENGINE));
    this.run.report({ kind: "model", model: model.name, state: model.state, failure: null });
  }

  private async search(model: ModelWork): Promise<ChosenClass> {
    const weights = (await filesOf(this.run.store, model.revisionId)).filter(({ role }) => role === "weights");
    const pickles = await rootsOf(this.run.store, weights);
    const { architectures, autoMap = [], card = [] } = parseMetadata(model.metadata);
    const roots = pickles.flatMap(({ path, root }) => (root === null ? [] : [{ path, root }]));
    if (pickles.length === 0) return none("no-class", "its weights hold no pickle");
    const chosen = await this.choose(model, { roots, architectures, autoMap, card }, weights);
    const isOwnCode = chosen.state === "no-class" && autoMap.length > 0;
    return isOwnCode ? none("no-class", `config.json's auto_map names ${autoMap.join(", ")}: code of a repository, of no library`) : chosen;
  }

  /** Looks in every library that the model may be of, the one that the Hub names first. */
  private async choose(model: ModelWork, evidence: ClassEvidence, weights: readonly FileWork[]): Promise<ChosenClass> {
    if (!mayNameClass(evidence)) return none("no-class", "neither its pickles nor its configuration nor its card name a class");
    const distributions = distributionsOf(model.library, evidence);
    if (distributions.length === 0) return none("no-class", "the Hub names no library for it, and its pickles none that is known");
    const failures: ChosenClass[] = [];
    const found: Found[] = [];
    for (const distribution of distributions) {
      const source = await this.#sources.at(distribution, model.modifiedAt);
      if (!source.ok) {
        failures.push(none(source.error.kind === "none" ? "no-source" : "unavailable", describeSourceFailure(source.error)));
        continue;
      }
      const candidates = classCandidates(evidence, contentsOf(source.value));
      found.push(...candidates.map((candidate) => ({ candidate, source: source.value })));
      if (candidates.length === 0) failures.push(none("no-class", `nothing names a class of ${distribution} ${source.value.version}`));
    }
    // What may still come out otherwise counts before what will not.
    const failure = failures.find(({ state }) => state === "unavailable") ?? failures[0];
    if (found.length === 0 || failure?.state === "unavailable") return failure!;
    const surest = found.toSorted((left, right) => bySureness(left.candidate, right.candidate)).slice(0, LIMITS.candidateClasses.limit);
    return chosenOf(await this.candidates(surest, model, weights));
  }

  /** The candidates with their policies. The same class under two names is one. */
  private async candidates(found: readonly Found[], model: ModelWork, weights: readonly FileWork[]): Promise<Candidate[]> {
    const candidates: Candidate[] = [];
    const known = new Set<number>();
    for (const { candidate, source } of found) {
      const own = await this.#policies.ofClass(candidate.class, source);
      if (own.ok && known.has(own.value.policyId)) continue;
      if (own.ok) known.add(own.value.policyId);
      const range = await this.#policies.overReleases(candidate.class, source, model.modifiedAt);
      const opened = own.ok ? await this.opened(own.value, source, weights) : own;
      candidates.push(candidateOf(candidate, { class: own, "class+open": opened, "class-range": range }));
    }
    return candidates.sort((left, right) => standingOf(left) - standingOf(right));
  }

  /** Where the pickles name nothing beyond the class policy, nothing fills a slot: it stands itself. */
  private async opened(policy: StoredPolicy, source: Source, weights: readonly FileWork[]): Promise<PolicyResult> {
    const named = await namesIn(this.run.store, weights, policy.policyId);
    return named === null ? ok(policy) : this.#policies.opened(policy, source, named);
  }
}

function candidateOf(candidate: ClassCandidate, policies: Readonly<Record<ClassSlot, PolicyResult>>): Candidate {
  const { class: own } = policies;
  const results = Object.entries(policies) as [ClassSlot, PolicyResult][];
  const failures = results.flatMap(([slot, result]) => (result.ok ? [] : [{ slot, ...result.error }]));
  const others = failures.map(({ slot, message }) => `no ${slot}: ${message}`).join("; ");
  return {
    ...candidate,
    state: failures.some(({ unavailable }) => unavailable) ? "unavailable" : own.ok ? "inferred" : "no-policy",
    failure: !own.ok ? own.error.message : failures.length > 0 ? others : remarkOn(own.value.unparsed),
    policies: results.flatMap(([slot, result]) => (result.ok ? [{ slot, policyId: result.value.policyId }] : [])),
  };
}

/** Those whose class policy there is come first, then those of which earlier releases have one. */
function standingOf({ policies }: Candidate): number {
  return policies.some(({ slot }) => slot === "class") ? 0 : policies.length > 0 ? 1 : 2;
}

/** What the candidates come to: the first counts. */
function chosenOf(candidates: readonly Candidate[]): ChosenClass {
  const [first, ...others] = candidates;
  const { class: name, state, failure } = first!;
  const isInferred = standingOf(first!) === 0;
  const remark = failure === null ? "" : isInferred ? `; ${failure}` : `; no policy: ${failure}`;
  return { state: isInferred ? "inferred" : state, class: name, reason: `${reasonFor([first!, ...others])}${remark}`, candidates };
}

/** What did not parse, in words; null where all did. The same whether the policy was inferred now or before the survey was killed. */
function remarkOn(unparsed: readonly string[]): string | null {
  return unparsed.length === 0 ? null : `${unparsed.length} of the library's files do not parse, ${unparsed[0]} first`;
}

function none(state: ChosenClass["state"], reason: string): ChosenClass {
  return { state, class: null, reason, candidates: [] };
}

function distributionsOf(library: string | null, evidence: ClassEvidence): string[] {
  const tagged = library === null ? null : distributionOfTag(library);
  const rooted = evidence.roots.map(({ root }) => distributionOfModule(topModule(root)));
  return [...new Set([tagged, ...rooted])].filter((name) => name !== null);
}
