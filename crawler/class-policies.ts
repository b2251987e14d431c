/**
 * The policies of a class in a library's source: `class`, `class+open` for what a model's pickles name, `class-range` over
 * the releases before it. Each is in the store, or else inferred in a worker and stored: once, whoever waits for it.
 */
import { createHash } from "node:crypto";
import { LIMITS } from "../analyzer/limits.ts";
import { joinReleases } from "../analyzer/policy/inference/releases.ts";
import type { Policy } from "../analyzer/policy/policy.ts";
import { failed, ok, type Result } from "../analyzer/result.ts";
import { capabilityOf } from "../analyzer/verdict/capability.ts";
import { type CostOfInference, findInferred, readPolicy, type StoredPolicy, writeInferenceCost, writePolicy } from "../db/stored-policy.ts";
import type { Source } from "../db/stored-source.ts";
import { CLASS_ENGINE } from "./engine.ts";
import type { InferAnswer, InferTask } from "./infer-worker.ts";
import { contentsOf } from "./library-source.ts";
import { describeSourceFailure, type LibrarySources } from "./library-sources.ts";
import type { SourceFailure, Wheel } from "./package-index.ts";
import type { SurveyRun } from "./survey-run.ts";
import { WorkerPool } from "./worker-pool.ts";

/** Inference is all work and no waiting: more threads than cores gain nothing. */
const THREADS = 2;
/** Hexadecimal digits by which the open policies of one class are told apart. */
const TOLD_APART_BY = 12;

/** Why there is no policy, in words; `unavailable` where that may pass. */
export interface PolicyFailure {
  readonly unavailable: boolean;
  readonly message: string;
}

/** The slots whose policies depend on a model's class. */
export type ClassSlot = "class" | "class+open" | "class-range";

export type PolicyResult = Result<StoredPolicy, PolicyFailure>;

export class ClassPolicies {
  readonly #known = new Map<string, Promise<PolicyResult>>();

  readonly #pool: WorkerPool;

  constructor(
    readonly run: SurveyRun,
    readonly sources: LibrarySources,
  ) {
    const limits = { threads: THREADS, milliseconds: LIMITS.workSeconds.limit * 1000, megabytes: LIMITS.heapMegabytes.limit };
    this.#pool = new WorkerPool(new URL("./infer-worker.ts", import.meta.url), limits, run.effects.workers);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /** The policy of a class in one release. */
  ofClass(name: string, source: Source): Promise<PolicyResult> {
    return this.once(`class ${name} ${source.sha256}`, async () => {
      const stored = await this.stored("class", name, source.sha256);
      return stored === null ? this.infer("class", name, source, null) : ok(stored);
    });
  }

  /** `class+open`: the policy of a class in `source`, with its slots filled by what is inert among `named`. */
  opened(policy: StoredPolicy, source: Source, named: readonly string[]): Promise<PolicyResult> {
    const digits = createHash("sha256").update(JSON.stringify(named)).digest("hex").slice(0, TOLD_APART_BY);
    const key = `${policy.name.replace(/^class:/, "class+open:")}#${digits}`;
    return this.once(key, async () => {
      const stored = await this.stored("class+open", policy.class, source.sha256, key);
      return stored === null ? this.infer("class+open", policy.class, source, named, key) : ok(stored);
    });
  }

  /**
   * `class-range`: the union over the releases that may have saved a model of `date`. A release that has no class of this name
   * has it where it defines the only class of its last name: classes move between modules. `source` is the last release.
   */
  async overReleases(name: string, source: Source, date: string | null): Promise<PolicyResult> {
    const releases = await this.sources.releasesUpTo(source.distribution, date);
    if (!releases.ok) return failed(failureOf(releases.error));
    if (releases.value.length === 1) return this.ofClass(name, source);
    const sha256 = createHash("sha256")
      .update(releases.value.map((wheel) => wheel.sha256).join(" "))
      .digest("hex");
    return this.once(`class-range ${name} ${sha256}`, async () => {
      const stored = await this.stored("class-range", name, sha256);
      return stored === null ? this.unite(name, releases.value, sha256) : ok(stored);
    });
  }

  private async unite(name: string, releases: readonly Wheel[], sha256: string): Promise<PolicyResult> {
    const found: { name: string; policy: Policy; unparsed: readonly string[] }[] = [];
    for (const wheel of releases) {
      const release = await this.sources.of(wheel);
      const inferred = release.ok ? await this.inRelease(name, release.value) : failed(failureOf(release.error));
      if (inferred.ok) {
        const { policyId, unparsed } = inferred.value;
        found.push({ name: wheel.version, policy: await readPolicy(this.run.store, policyId), unparsed });
      }
      // A release that does not have the class, or no source, has no part in the union.
      else if (inferred.error.unavailable) return inferred;
    }
    const last = found.at(-1);
    if (last === undefined) return failed({ unavailable: false, message: `no release has ${name}` });
    const { distribution } = releases.at(-1)!;
    const joined = joinReleases(distribution, found);
    const policy = { ...joined, name: joined.name.replace(joined.class!, name), class: name };
    return this.write("class-range", { ...policy, library: { ...joined.library!, sourceSha256: sha256 } }, last.unparsed);
  }

  private async inRelease(name: string, source: Source): Promise<PolicyResult> {
    const known = await this.ofClass(name, source);
    if (known.ok || known.error.unavailable) return known;
    const [moved, ...others] = contentsOf(source).classesNamed(name.slice(name.lastIndexOf(".") + 1));
    return moved === undefined || others.length > 0 ? known : this.ofClass(moved, source);
  }

  private once(key: string, make: () => Promise<PolicyResult>): Promise<PolicyResult> {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = make().then((result) => {
      if (!result.ok && result.error.unavailable) this.#known.delete(key);
      return result;
    });
    this.#known.set(key, made);
    return made;
  }

  private stored(slot: ClassSlot, name: string, sourceSha256: string, policyName?: string): Promise<StoredPolicy | null> {
    const key = { slot, class: name, sourceSha256, engine: CLASS_ENGINE, ...(policyName !== undefined && { name: policyName }) };
    return findInferred(this.run.store, key);
  }

  private async infer(slot: ClassSlot, name: string, source: Source, named: readonly string[] | null, as?: string): Promise<PolicyResult> {
    const dependencies = await this.sources.dependenciesOf(source);
    if (!dependencies.ok) return failed(failureOf(dependencies.error));
    this.run.report({ kind: "policy", slot, class: name, distribution: source.distribution, version: source.version });
    const answer = await this.#pool.run<InferTask, InferAnswer>({
      library: treeOf(source),
      dependencies: dependencies.value.map(treeOf),
      class: name,
      named,
      parseCache: this.run.effects.parseCache ?? null,
    });
    if (!answer.ok) return failed({ unavailable: false, message: `inference: ${answer.error.message}` });
    if (!answer.value.ok) return failed({ unavailable: false, message: answer.value.error.message });
    const { policy, unparsed, cost } = answer.value.value;
    return this.write(slot, as === undefined ? policy : { ...policy, name: as }, unparsed, cost);
  }

  private async write(slot: ClassSlot, policy: Policy, unparsed: readonly string[], cost?: CostOfInference): Promise<PolicyResult> {
    const policyId = await this.run.commit(async (store) => {
      const written = await writePolicy(store, { slot, policy, engine: CLASS_ENGINE, unparsed }, capabilityOf);
      if (cost !== undefined) await writeInferenceCost(store, written, cost);
      return written;
    });
    return ok({ policyId, name: policy.name, class: policy.class!, unparsed });
  }
}

function failureOf(failure: SourceFailure): PolicyFailure {
  return { unavailable: failure.kind !== "none", message: describeSourceFailure(failure) };
}

function treeOf({ distribution, version, sha256, files }: Source) {
  return { name: distribution, version, sha256, files };
}
