/** The second stage: of each listed model, its candidate files, resolved, read by ranges and traced. */
import pLimit, { type LimitFunction } from "p-limit";
import { ok } from "../analyzer/result.ts";
import { capabilityOf } from "../analyzer/verdict/capability.ts";
import { withLock } from "../db/locks.ts";
import { findBlob, writeTrace } from "../db/stored-trace.ts";
import { countModels, type FileWork, filesOf, type ModelWork, modelsIn, type Selection } from "../db/work.ts";
import { markRead, markUnavailable, setMetadata, setModelState } from "../db/writes-crawl.ts";
import { writeCandidates } from "../db/writes-listing.ts";
import { chooseFiles } from "./candidates.ts";
import { forEachConcurrently } from "./concurrently.ts";
import { type Refusal, refusalOf } from "./hub-refusal.ts";
import { type ModelMetadata, parseMetadata } from "./metadata.ts";
import { readCard } from "./model-card.ts";
import { type FileAddress, type RemoteFile, remoteFile, resolveAddress, resolveFile } from "./remote-file.ts";
import type { SurveyRun } from "./survey-run.ts";
import type { Tracing } from "./tracing.ts";

const TO_CRAWL: Selection = { states: ["listed", "resolved"] };
/** Of a card, what is longer is no card. */
const MOST_CARD = 2 ** 20;

/** Reads what the survey's models hold, as far as the store does not have it. */
export async function crawlModels(run: SurveyRun, tracing: Tracing): Promise<void> {
  run.report({ kind: "stage", stage: "crawl", models: await countModels(run.store, run.surveyId, TO_CRAWL) });
  const crawl = new Crawl(run, tracing);
  await forEachConcurrently(modelsIn(run.store, run.surveyId, TO_CRAWL), run.concurrency, run.signal, (model) => crawl.model(model));
}

/** How it went with one file. `interrupted`: nothing was recorded, it is to be done in the next run. */
type FileOutcome = { readonly kind: "read" } | { readonly kind: "interrupted" } | Refusal;

/** Reads models, a few files at a time. */
export class Crawl {
  /** Contents that are being read, by their id: whoever needs one of them too waits for it. */
  readonly #inHand = new Map<string, Promise<void>>();
  readonly #turn: LimitFunction;

  constructor(
    readonly run: SurveyRun,
    readonly tracing: Tracing,
  ) {
    this.#turn = pLimit(run.concurrency);
  }

  async model(model: ModelWork): Promise<void> {
    if (model.state === "listed" && !(await this.findCandidates(model))) return;
    const files = await filesOf(this.run.store, model.revisionId);
    const outcomes = await this.files(
      model,
      files.filter(({ state }) => state !== "read"),
    );
    if (outcomes.some(({ kind }) => kind === "interrupted")) return;
    const refusal = outcomes.find(isOfModel);
    if (refusal !== undefined) return this.end(model, { state: refusal.kind, failure: refusal.message });
    await this.card(model);
    const lacking = outcomes.filter(({ kind }) => kind !== "read").length;
    const failure = lacking === 0 ? null : `${lacking} of ${files.length} files could not be had`;
    await this.end(model, { state: "traced", failure });
  }

  /** Asks for the names of a model's files, where the listing did not tell them. False where there is nothing to go on with. */
  private async findCandidates(model: ModelWork): Promise<boolean> {
    const paths = await this.run.session.hub.paths(model.name, model.commit);
    if (paths.ok) {
      await this.run.commit((store) => writeCandidates(store, model.revisionId, chooseFiles(paths.value)));
      return true;
    }
    if (this.run.interrupted) return false;
    const { kind, message } = refusalOf(paths.error);
    if (kind === "failed") this.run.failed(message);
    await this.end(model, { state: kind === "entry" ? "missing" : kind, failure: message });
    return false;
  }

  private async end(model: ModelWork, end: Parameters<typeof setModelState>[3]): Promise<void> {
    await this.run.commit((store) => setModelState(store, this.run.surveyId, model.modelId, end));
    this.run.report({ kind: "model", model: model.name, ...end });
  }

  /** The first file is read alone: what it is refused for may hold for all the others. */
  private async files(model: ModelWork, [first, ...others]: readonly FileWork[]): Promise<FileOutcome[]> {
    if (first === undefined) return [];
    const outcome = await this.file(model, first);
    const rest = others.map((file) => (isOfModel(outcome) ? this.refuse(model, file, outcome, 0) : this.file(model, file)));
    return [outcome, ...(await Promise.all(rest))];
  }

  private file(model: ModelWork, file: FileWork): Promise<FileOutcome> {
    return this.#turn(async () => {
      if (this.run.interrupted) return { kind: "interrupted" };
      const address = { model: model.name, commit: model.commit, path: file.path };
      const { http, hubUrl } = this.run.session;
      const resolved = await resolveFile(http, hubUrl, address);
      if (!resolved.ok) return this.refuse(model, file, refusalOf(resolved.error), 0);
      const { content } = resolved.value;
      const source = remoteFile(http, hubUrl, address, resolved.value);
      for (let known = this.#inHand.get(content); known !== undefined; known = this.#inHand.get(content)) await known;
      const reading = withLock(this.run.store, content, () => this.content(model, file, content, source));
      const done = reading.then(
        () => undefined,
        () => undefined,
      );
      this.#inHand.set(content, done);
      try {
        return await reading;
      } finally {
        this.#inHand.delete(content);
      }
    });
  }

  /** The facts of a file's content: the store's, or else read now. */
  private async content(model: ModelWork, file: FileWork, content: string, source: RemoteFile): Promise<FileOutcome> {
    const { size } = source;
    const known = await findBlob(this.run.store, content);
    if (known !== null) {
      await this.run.commit((store) => markRead(store, file.fileId, { size, blobId: known }));
    } else {
      const traced = await this.tracing.trace(source);
      if (!traced.ok) return this.refuse(model, file, { kind: "failed", message: traced.error }, size);
      const { requests, bytesRead } = source;
      await this.run.commit(async (store) => {
        const blobId = await writeTrace(store, { sha256: content, ...traced.value, requests, bytesRead }, capabilityOf);
        await markRead(store, file.fileId, { size, blobId });
      });
    }
    this.run.worked();
    this.run.report({ kind: "file", model: model.name, path: file.path, state: "read", size, reused: known !== null });
    return { kind: "read" };
  }

  private async refuse(model: ModelWork, file: FileWork, refusal: Refusal, size: number): Promise<FileOutcome> {
    if (this.run.interrupted) return { kind: "interrupted" };
    if (refusal.kind === "failed") this.run.failed(refusal.message);
    else this.run.worked();
    await this.run.commit((store) => markUnavailable(store, file.fileId, { size, failure: refusal.message }));
    this.run.report({ kind: "file", model: model.name, path: file.path, state: "unavailable", size, reused: false });
    return refusal;
  }

  /** Reads the model card of a model that names a library but no class: the last place where one may be named. */
  private async card(model: ModelWork): Promise<void> {
    const metadata = parseMetadata(model.metadata);
    if (model.library === null || metadata.architectures.length > 0 || metadata.card !== undefined) return;
    const address: FileAddress = { model: model.name, commit: model.commit, path: "README.md" };
    const answer = await this.run.session.http.send({
      url: resolveAddress(this.run.session.hubUrl, address),
      accept: () => ok(MOST_CARD),
      read: ({ body }) => ok(readCard(new TextDecoder().decode(body))),
    });
    // A card that cannot be had says nothing. It is no reason to leave the model, nor, where there is none, to ask again.
    if (!answer.ok && answer.error.kind !== "status") return;
    const read: ModelMetadata = { ...metadata, card: answer.ok ? answer.value : [] };
    await this.run.commit((store) => setMetadata(store, model.revisionId, JSON.stringify(read)));
  }
}

/** Whether a refusal is of the whole repository. */
function isOfModel(outcome: FileOutcome): outcome is Refusal & { kind: "gated" | "disabled" | "missing" } {
  return outcome.kind === "gated" || outcome.kind === "disabled" || outcome.kind === "missing";
}
