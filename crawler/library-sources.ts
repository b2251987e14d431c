/** Library source as the survey needs it: of the release that fits a date, from the store or else from the package index. */
import { LIMITS } from "../analyzer/limits.ts";
import { ok, type Result } from "../analyzer/result.ts";
import { readSource, type Source, writeSource } from "../db/stored-source.ts";
import { describeFailure } from "./http-failure.ts";
import { requirementsOf } from "./library-source.ts";
import { type SourceFailure, type Wheel, wheelAt, wheelsUpTo } from "./package-index.ts";
import type { SurveyRun } from "./survey-run.ts";

/** Sources kept in memory: a survey's models come from a few libraries, of a few megabytes each. */
const MOST_HELD = 24;
/** Of `Requires-Dist`: a class's attributes are of its library's classes, or of those that the library itself builds on. */
const DEPTH = 2;
/** Libraries of applications require hundreds. */
const MOST_DEPENDENCIES = 24;

export class LibrarySources {
  readonly #wheels = new Map<string, Promise<Result<readonly Wheel[], SourceFailure>>>();
  readonly #sources = new Map<string, Promise<Result<Source, SourceFailure>>>();

  constructor(readonly run: SurveyRun) {}

  /** The source of a distribution as it was at `date`. */
  async at(distribution: string, date: string | null): Promise<Result<Source, SourceFailure>> {
    const wheels = await this.wheels(distribution);
    // There is at least one.
    return wheels.ok ? this.of(wheelAt(wheels.value, date)!) : wheels;
  }

  /** The releases of a distribution that may have saved what was there at `date`: that of `at` last. */
  async releasesUpTo(distribution: string, date: string | null): Promise<Result<readonly Wheel[], SourceFailure>> {
    const wheels = await this.wheels(distribution);
    return wheels.ok ? ok(wheelsUpTo(wheels.value, date, LIMITS.releasesOfClass.limit)) : wheels;
  }

  /** The source in a wheel. */
  of(wheel: Wheel): Promise<Result<Source, SourceFailure>> {
    return held(this.#sources, wheel.sha256, () => this.source(wheel));
  }

  /**
   * What a library requires to be installed, and what that requires, each as it was when the library was released, so that
   * the same release has the same dependencies for every model. An error where the index did not answer for one of them.
   */
  async dependenciesOf(source: Source): Promise<Result<readonly Source[], SourceFailure>> {
    const found = new Map<string, Source>();
    const seen = new Set([source.distribution]);
    let level: readonly Source[] = [source];
    for (let depth = 0; depth < DEPTH; depth++) {
      const next: Source[] = [];
      for (const requirement of level.flatMap(requirementsOf)) {
        if (seen.has(requirement) || found.size >= MOST_DEPENDENCIES) continue;
        seen.add(requirement);
        const dependency = await this.at(requirement, source.releasedAt);
        if (dependency.ok) {
          found.set(requirement, dependency.value);
          next.push(dependency.value);
        } else if (dependency.error.kind !== "none") return dependency;
      }
      level = next;
    }
    return ok([...found.values()]);
  }

  private wheels(distribution: string): Promise<Result<readonly Wheel[], SourceFailure>> {
    return held(this.#wheels, distribution, () => this.run.session.packages.wheels(distribution));
  }

  private async source(wheel: Wheel): Promise<Result<Source, SourceFailure>> {
    const stored = await readSource(this.run.store, wheel.sha256);
    if (stored !== null) return ok(stored);
    const fetched = await this.run.session.packages.source(wheel);
    if (fetched.ok) await this.run.commit((store) => writeSource(store, fetched.value));
    return fetched;
  }
}

/** The failure in one line, for people. */
export function describeSourceFailure(failure: SourceFailure): string {
  switch (failure.kind) {
    case "no-index":
      return "no package index was named; infer-all with --index goes on from here";
    case "unavailable":
      return `the package index did not answer: ${describeFailure(failure.failure)}`;
    case "none":
      return failure.message;
  }
}

/** The value that is kept under a key, made once. What could not be had is asked for again. */
function held<Value>(
  values: Map<string, Promise<Result<Value, SourceFailure>>>,
  key: string,
  make: () => Promise<Result<Value, SourceFailure>>,
): Promise<Result<Value, SourceFailure>> {
  const known = values.get(key);
  if (known !== undefined) return known;
  const made = make().then((result) => {
    if (!result.ok && result.error.kind === "unavailable") values.delete(key);
    return result;
  });
  values.set(key, made);
  if (values.size > MOST_HELD) values.delete(values.keys().next().value as string);
  return made;
}
