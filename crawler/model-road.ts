/** The whole road for one model at a time, whichever stages it has before it: what a worker among several does. */
import { findWork, type ModelWork } from "../db/work.ts";
import { Crawl } from "./crawl.ts";
import { Inference } from "./infer.ts";
import { Judging } from "./judge.ts";
import { scanModel } from "./scans.ts";
import type { SurveyRun } from "./survey-run.ts";
import { Tracing } from "./tracing.ts";

export class ModelRoad {
  readonly #tracing: Tracing;
  readonly #crawl: Crawl;
  readonly #inference: Inference;
  readonly #judging: Judging;

  private constructor(
    readonly run: SurveyRun,
    readonly startedAt: string,
  ) {
    this.#tracing = Tracing.of(run);
    this.#crawl = new Crawl(run, this.#tracing);
    this.#inference = new Inference(run);
    this.#judging = new Judging(run);
  }

  /** `startedAt`: when the survey was begun. */
  static async open(run: SurveyRun, startedAt: string): Promise<ModelRoad> {
    const road = new ModelRoad(run, startedAt);
    await road.#judging.begin();
    return road;
  }

  /** Takes a model as far as it comes. True where it is through; false where the run was interrupted. */
  async take(modelId: number): Promise<boolean> {
    let model = await this.find(modelId);
    if (model !== null && ["listed", "resolved"].includes(model.state)) {
      await this.#crawl.model(model);
      model = await this.find(modelId);
    }
    if (model !== null && this.run.request.hubScans) await scanModel(this.run, model, this.startedAt);
    if (model !== null && ["traced", "judged"].includes(model.state) && model.classState === null) {
      await this.#inference.model(model);
      model = await this.find(modelId);
    }
    if (model === null || this.run.interrupted) return model === null;
    if (model.state !== "judged") await this.#judging.model(model);
    return true;
  }

  async close(): Promise<void> {
    await Promise.all([this.#tracing.close(), this.#inference.close(), this.#judging.close()]);
  }

  private find(modelId: number): Promise<ModelWork | null> {
    return findWork(this.run.store, this.run.surveyId, modelId);
  }
}
