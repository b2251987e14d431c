/** Fills a store with the invented models, by plain inserts: for pages, not for the truth of what they say. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import type { Trace } from "../../analyzer/containers/trace.ts";
import type { Fact as FactOfTrace } from "../../analyzer/pickle/facts.ts";
import type { VerdictKind } from "../../analyzer/verdict/verdict.ts";
import { callableIds } from "../../db/callables.ts";
import { isPostgres, openStore, type Store } from "../../db/connection.ts";
import { writeInferenceCost } from "../../db/stored-policy.ts";
import { readTrace, writeTrace } from "../../db/stored-trace.ts";
import { type ScanToStore, writeHubScans } from "../../db/writes-hub-scans.ts";
import { scanOf } from "../hub/scanner.ts";
import { CAPABILITIES_OF, CLASSES, SAMPLE_MODELS, type SampleFile, type SampleModel, WEIGHTS_ONLY } from "./sample-models.ts";
import { bare, type Fact, factsOf, programOf } from "./sample-programs.ts";

/** The survey that is finished, and, if asked for, a later one that is not. */
export interface SampleOptions {
  readonly running?: boolean;
  /** Whether the finished survey is there at all. */
  readonly finished?: boolean;
}

/** A new store at `address` with the sample models in it; a file's is a copy of one that was filled once. */
export async function sampleStore(address: string, options: SampleOptions = {}): Promise<Store> {
  const isFile = !isPostgres(address) && address !== ":memory:";
  if (isFile) writeFileSync(address, await filledFile(options));
  const store = await openStore(address);
  if (!isFile) await fill(store, options);
  return store;
}

const filledFiles = new Map<string, Promise<Uint8Array>>();

/** The file of a store with the sample models in it. */
function filledFile(options: SampleOptions): Promise<Uint8Array> {
  const key = JSON.stringify(options);
  const known = filledFiles.get(key) ?? fillFile(options);
  filledFiles.set(key, known);
  return known;
}

async function fillFile(options: SampleOptions): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "census-samples-"));
  try {
    const store = await openStore(join(folder, "census.db"));
    await fill(store, options);
    await store.destroy();
    return readFileSync(join(folder, "census.db"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function fill(store: Store, { running = false, finished = true }: SampleOptions): Promise<void> {
  await store.transaction().execute(async (transaction) => {
    const filling = new Filling(transaction);
    await filling.policies();
    if (finished) await filling.survey("2026-q3", "2026-08-20T06:00:00.000Z", SAMPLE_MODELS.slice(0, 40), "finished");
    if (finished) await filling.survey("2026-q4", "2026-11-20T06:00:00.000Z", SAMPLE_MODELS, "finished");
    if (running) await filling.survey("2027-q1", "2027-02-20T06:00:00.000Z", SAMPLE_MODELS, "running");
  });
}

const capabilityOf = (callable: string) => CAPABILITIES_OF[callable] ?? "unknown";

class Filling {
  readonly #callables = new Map<string, number>();
  readonly #blobs = new Map<string, { blobId: number; pickleId: number; facts: readonly Fact[]; file: SampleFile }>();
  readonly #policies = new Map<string, { policyId: number; imports: ReadonlySet<string>; calls: ReadonlySet<string> }>();

  constructor(readonly store: Store) {}

  async policies(): Promise<void> {
    const torch = (of: string) => [
      { kind: "loader", text: `torch 2.6.0 allows this ${of}`, file: "torch/_weights_only_unpickler.py", line: 196 },
    ];
    await this.#policy(
      "weights-only@torch-2.6",
      { slot: "weights-only", class: null, library: "torch", version: "2.6.0" },
      WEIGHTS_ONLY,
      () => torch("class or function"),
    );
    for (const [name, { library, version, file, allows }] of Object.entries(CLASSES)) {
      const short = name.split(".").at(-1)!;
      const { source_id } = await this.store
        .insertInto("source")
        .values({
          distribution: library,
          version,
          filename: `${library}-${version}-py3-none-any.whl`,
          sha256: sha256(name),
          released_at: "2026-01-05T00:00:00.000Z",
        })
        .returning("source_id")
        .executeTakeFirstOrThrow();
      await this.store
        .insertInto("source_file")
        .values({ source_id, path: file, text: sourceOf(short, allows) })
        .execute();
      const chain = (callable: string) =>
        callable === name
          ? [{ kind: "class", text: short, name, file, line: 12 }]
          : [
              { kind: "class", text: short, name, file, line: 12 },
              {
                kind: "attribute",
                text: `${short}.${callable.split(".").at(-1)!.toLowerCase()}`,
                file,
                line: 20 + allows.findIndex((allowed) => bare(allowed) === callable),
              },
              { kind: "annotation", text: callable.split(".").at(-1)!, name: callable, file, line: 3 },
            ];
      await this.#policy(
        `class:${name}@${library}-${version}`,
        { slot: "class", class: name, library, version },
        [`+${name}`, ...allows],
        chain,
      );
    }
  }

  async #policy(
    name: string,
    of: { slot: "weights-only" | "class"; class: string | null; library: string; version: string },
    allows: readonly string[],
    reasons: (callable: string) => unknown,
  ): Promise<void> {
    const row = {
      slot: of.slot,
      name,
      class: of.class,
      library: of.library,
      library_version: of.version,
      source_sha256: sha256(name),
      engine: "sample 1",
    };
    const { policy_id } = await this.store.insertInto("policy").values(row).returning("policy_id").executeTakeFirstOrThrow();
    const imports = new Set(allows.map(bare));
    const calls = new Set(allows.filter((allowed) => allowed.startsWith("+")).map(bare));
    for (const [kind, callables] of [
      ["import", imports],
      ["call", calls],
    ] as const)
      for (const callable of callables)
        await this.store
          .insertInto("policy_entry")
          .values({ policy_id, kind, callable_id: await this.#callable(callable), reasons: JSON.stringify(reasons(callable)) })
          .execute();
    if (of.class !== null)
      await writeInferenceCost(this.store, policy_id, { milliseconds: 1_840, distributions: 3, files: 412, bytes: 5_210_000 });
    this.#policies.set(of.class ?? "weights-only", { policyId: policy_id, imports, calls });
  }

  async survey(name: string, startedAt: string, models: readonly SampleModel[], how: "finished" | "running"): Promise<void> {
    const row = {
      name,
      hub: "https://hub.example",
      query: JSON.stringify({ sort: "downloads", limit: models.length }),
      started_at: startedAt,
      finished_at: how === "finished" ? startedAt.replace("T06", "T07") : null,
      cursor: "",
      requests: 412,
      bytes_read: 18_401_233,
    };
    const { survey_id } = await this.store.insertInto("survey").values(row).returning("survey_id").executeTakeFirstOrThrow();
    const done = how === "finished" ? models.length : Math.floor(models.length / 3);
    for (const [position, model] of models.entries()) await this.#model(survey_id, position, model, position < done);
  }

  async #model(survey_id: number, position: number, model: SampleModel, done: boolean): Promise<void> {
    const known = await this.store.selectFrom("model").where("name", "=", model.name).select("model_id").executeTakeFirst();
    const identity = { hub_id: sha256(model.name).slice(0, 24), name: model.name, created_at: "2025-03-01T10:00:00.000Z" };
    const { model_id } = known ?? (await this.store.insertInto("model").values(identity).returning("model_id").executeTakeFirstOrThrow());
    const revision = {
      model_id,
      commit_sha: sha256(`${model.name}@main`).slice(0, 40),
      modified_at: "2026-05-17T08:30:00.000Z",
      metadata: null,
    };
    const { revision_id } =
      (await this.store.selectFrom("revision").where("model_id", "=", model_id).select("revision_id").executeTakeFirst()) ??
      (await this.store.insertInto("revision").values(revision).returning("revision_id").executeTakeFirstOrThrow());
    const state = done ? (model.state ?? "judged") : "listed";
    const judged = done && state === "judged";
    await this.store
      .insertInto("survey_model")
      .values({
        survey_id,
        model_id,
        revision_id,
        position,
        listed_name: model.name,
        format: "pickle",
        downloads: model.downloads,
        likes: Math.round(model.downloads ** 0.6),
        library: model.library,
        task: model.task,
        gated: state === "gated" ? 1 : 0,
        state,
        failure: model.failure ?? null,
        class: model.class ?? null,
        class_reason: model.class === undefined ? null : `config.json names ${model.class.split(".").at(-1)}`,
        class_state: judged ? (model.class === undefined ? (model.classState ?? null) : "inferred") : null,
      })
      .execute();
    if (!judged) return;
    for (const file of model.files) await this.#file(revision_id, file);
    const slots = [["weights-only", "weights-only"], ...(model.class === undefined ? [] : [["class", model.class]])] as const;
    for (const [slot, key] of slots) {
      if (slot === "class") {
        const candidate = {
          class: key!,
          confidence: "likely",
          evidence: "config.json names it",
          state: "inferred",
          failure: null,
        } as const;
        await this.store
          .insertInto("model_candidate")
          .values([
            { survey_id, model_id, candidate: 0, ...candidate },
            {
              survey_id,
              model_id,
              candidate: 1,
              ...candidate,
              class: `${key}Base`,
              confidence: "possible",
              state: "no-policy",
              failure: "no such class",
            },
          ])
          .execute();
        await this.store
          .insertInto("model_policy")
          .values({ survey_id, model_id, candidate: 0, slot, policy_id: this.#policies.get(key!)!.policyId })
          .execute();
      }
      for (const mode of slot === "class" ? (["strict", "lazy"] as const) : (["strict"] as const)) {
        for (const role of ["weights", "side"] as const) {
          const files = model.files.filter((file) => (file.role ?? "weights") === role);
          if (files.length === 0) continue;
          const verdicts = await Promise.all(files.map((file) => this.#judge(file, key!, mode)));
          const worst = verdicts.find((verdict) => verdict === "blocked") ?? verdicts.find((verdict) => verdict !== "loads") ?? "loads";
          await this.store
            .insertInto("model_verdict")
            .values({
              survey_id,
              model_id,
              slot: slot as "class",
              mode,
              role,
              policy_id: this.#policies.get(key!)!.policyId,
              verdict: worst,
            })
            .execute();
        }
      }
    }
  }

  async #file(revision_id: number, file: SampleFile): Promise<void> {
    const blob = file.unavailable === undefined ? await this.#blob(file) : null;
    await this.store
      .insertInto("file")
      .values({
        revision_id,
        path: file.path,
        size: file.size,
        role: file.role ?? "weights",
        state: blob === null ? "unavailable" : "read",
        blob_id: blob?.blobId ?? null,
        failure: file.unavailable ?? null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const written = this.store.selectFrom("file").where("revision_id", "=", revision_id).where("path", "=", file.path);
    const { file_id } = await written.select("file_id").executeTakeFirstOrThrow();
    await writeHubScans(this.store, [{ fileId: file_id, ...scanOfSample(file) }], "2026-11-20T06:30:00.000Z", capabilityOf);
  }

  async #blob(file: SampleFile) {
    const key = JSON.stringify(file);
    const known = this.#blobs.get(key);
    if (known !== undefined) return known;
    const outcome = file.outcome ?? "ok";
    const failure = outcome === "ok" ? null : { kind: outcome, message: file.message ?? "", offset: 40 };
    const program = programOf(file.callables);
    const facts = factsOf(program, file.callables);
    const place = { entry: file.entry ?? null, offset: 0, length: program.length, protocol: 2, root: null };
    const ending = { outcome, ...(failure !== null && { failure }) };
    const trace: Trace = {
      size: file.size,
      container: file.container,
      ...ending,
      findings: [],
      pickles: [{ ...place, ...ending, facts: facts as unknown as readonly FactOfTrace[], opcodes: [] }],
    };
    const programs = [{ deflated: deflateRawSync(program), segments: [{ at: 0, offset: 0 }] }];
    const bytesRead = Math.min(file.size, 65_536 + (file.size % 9_000));
    const blobId = await writeTrace(this.store, { sha256: sha256(key), trace, programs, requests: 2, bytesRead }, capabilityOf);
    const [pickleId] = (await readTrace(this.store, blobId)).pickleIds;
    const blob = { blobId, pickleId: pickleId!, facts, file };
    this.#blobs.set(key, blob);
    return blob;
  }

  async #judge(file: SampleFile, policyKey: string, mode: "strict" | "lazy"): Promise<VerdictKind> {
    if (file.unavailable !== undefined) return "unavailable";
    const { blobId, pickleId, facts } = await this.#blob(file);
    const policy = this.#policies.get(policyKey)!;
    const allowed = (fact: Fact) =>
      (fact.kind === "import" ? policy.imports : policy.calls).has(fact.callable) || (mode === "lazy" && fact.kind === "import");
    const outside = facts.filter((fact) => !allowed(fact));
    const verdict: VerdictKind =
      outside.length > 0
        ? "blocked"
        : (file.outcome ?? "ok") === "ok"
          ? "loads"
          : (file.outcome as "malformed" | "unsupported" | "unfinished");
    const row = {
      blob_id: blobId,
      policy_id: policy.policyId,
      mode,
      verdict,
      message: verdict === "loads" || verdict === "blocked" ? null : (file.message ?? null),
    };
    const written = await this.store
      .insertInto("verdict")
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (written.numInsertedOrUpdatedRows === 0n) return verdict;
    for (const [ordinal, fact] of outside.entries())
      await this.store
        .insertInto("blocked")
        .values({
          blob_id: blobId,
          policy_id: policy.policyId,
          mode,
          ordinal,
          pickle_id: pickleId,
          callable_id: await this.#callable(fact.callable),
          opcode: fact.opcode,
          offset: fact.offset,
          reason: `${fact.kind} outside the policy`,
          count: 1,
        })
        .execute();
    return verdict;
  }

  async #callable(callable: string): Promise<number> {
    const known = this.#callables.get(callable);
    if (known !== undefined) return known;
    const callable_id = (await callableIds(this.store, [callable], capabilityOf)).get(callable)!;
    this.#callables.set(callable, callable_id);
    return callable_id;
  }
}

/** The Hub's scanners have not come to what could not be had. */
function scanOfSample(file: SampleFile): Omit<ScanToStore, "fileId"> {
  if (file.unavailable !== undefined) return { status: "unscanned", scanners: {}, imports: [] };
  const { status, pickleImports } = scanOf(file.callables.map(bare)).pickleImportScan;
  const imports = pickleImports.map(({ module, name, safety }) => ({ name: `${module}.${name}`, safety }));
  return { status, scanners: { avScan: "safe", pickleImportScan: status }, imports };
}

function sourceOf(name: string, allows: readonly string[]): string {
  const attributes = allows.map(
    (allowed) => `        self.${bare(allowed).split(".").at(-1)!.toLowerCase()}: ${bare(allowed).split(".").at(-1)} = ...`,
  );
  const head = [
    "from __future__ import annotations",
    "",
    `from .types import ${allows.map((allowed) => bare(allowed).split(".").at(-1)).join(", ")}`,
    ...Array<string>(8).fill(""),
  ];
  return [
    ...head,
    `class ${name}:`,
    '    """What the sample policy was inferred from."""',
    "",
    "    def __init__(self) -> None:",
    ...Array<string>(4).fill("        # ..."),
    ...attributes,
    "",
  ].join("\n");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
