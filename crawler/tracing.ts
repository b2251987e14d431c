/** The facts of a remote file: run in a worker, within limits; whatever becomes of the worker, there is an outcome. */
import { budgetedSource } from "../analyzer/bytes/budgeted-source.ts";
import type { ByteSource } from "../analyzer/bytes/byte-source.ts";
import type { Trace } from "../analyzer/containers/trace.ts";
import { LIMITS, type Resource } from "../analyzer/limits.ts";
import { failed, ok, type Result } from "../analyzer/result.ts";
import type { StoredProgram } from "../db/stored-trace.ts";
import type { SurveyRun } from "./survey-run.ts";
import type { TraceAnswer } from "./trace-worker.ts";
import { type KeptWorkers, type WorkerFailure, type WorkerLimits, WorkerPool } from "./worker-pool.ts";

export interface TracedSource {
  readonly trace: Trace;
  readonly programs: readonly StoredProgram[];
}

const WORKER = new URL("./trace-worker.ts", import.meta.url);

/** What a worker may take for one file. */
const WORK = { milliseconds: LIMITS.workSeconds.limit * 1000, megabytes: LIMITS.heapMegabytes.limit };

export class Tracing {
  readonly #pool: WorkerPool;

  constructor(threads: number, worker: URL = WORKER, limits: Omit<WorkerLimits, "threads"> = WORK, kept?: KeptWorkers) {
    this.#pool = new WorkerPool(worker, { ...limits, threads }, kept);
  }

  /** What reads the files of a survey. */
  static of({ threads, effects }: SurveyRun): Tracing {
    return new Tracing(threads, WORKER, WORK, effects.workers);
  }

  /** The facts of a file; an error, in words, where its bytes could not be had and there is nothing to say of it. */
  async trace(source: ByteSource): Promise<Result<TracedSource, string>> {
    const budget = { bytes: LIMITS.bytesRead.limit, requests: LIMITS.reads.limit };
    const answer = await this.#pool.run<object, TraceAnswer>({}, budgetedSource(source, budget));
    if (!answer.ok) return ok(withoutFacts(source.size, RESOURCE_OF[answer.error.kind], answer.error.message, 0));
    if ("trace" in answer.value) return ok(answer.value);
    const { kind, message, offset = 0, limit } = answer.value.sourceFailure;
    if (kind !== "budget") return failed(message);
    return ok(withoutFacts(source.size, limit === LIMITS.reads.limit ? "reads" : "bytesRead", message, offset));
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

const RESOURCE_OF: Record<WorkerFailure["kind"], Resource | null> = { time: "workSeconds", memory: "heapMegabytes", crash: null };

/** A trace that says nothing but why: nothing that was not understood may load. */
function withoutFacts(size: number, resource: Resource | null, message: string, offset: number): TracedSource {
  const failure =
    resource === null ? { kind: "crash", message, offset } : { kind: "limit", message, offset, resource, limit: LIMITS[resource].limit };
  return { trace: { size, container: "unknown", outcome: "unfinished", failure, findings: [], pickles: [] }, programs: [] };
}
