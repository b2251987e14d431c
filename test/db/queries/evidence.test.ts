import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { findProgram, firstBlocked, modelEvidence } from "../../../db/queries/evidence.ts";
import { findModel, judgedModel, modelFiles, modelHistory, usedCallables } from "../../../db/queries/model.ts";
import { sampleSurvey } from "./sample.ts";

async function model(name: string, survey?: Awaited<ReturnType<typeof sampleSurvey>>) {
  const { store, surveyId } = survey ?? (await sampleSurvey());
  const found = (await findModel(store, surveyId, name))!;
  const judged = await judgedModel(store, surveyId, found.modelId);
  const files = await modelFiles(store, found.revisionId, judged);
  return { store, surveyId, model: found, judged, files, evidence: await modelEvidence(store, files, judged) };
}

describe("a model", () => {
  it("is found by its exact name in its survey", async () => {
    const { store, surveyId } = await sampleSurvey();
    expect(await findModel(store, surveyId, "mallory/totally-safe-bert")).toMatchObject({
      library: "transformers",
      state: "judged",
      gated: false,
    });
    expect(await findModel(store, surveyId, "Mallory/totally-safe-bert")).toBeNull();
    expect(await findModel(store, surveyId - 1, "mallory/totally-safe-bert")).toBeNull();
  });

  it("has its verdicts in the order in which they are shown", async () => {
    const { judged } = await model("ashford/bert-base-ashford");
    expect(judged.map(({ role, slot, mode, verdict }) => `${role} ${slot} ${mode} ${verdict}`)).toEqual([
      "weights weights-only strict loads",
      "side weights-only strict blocked",
    ]);
  });

  it("has its files with what was read of them, weights first", async () => {
    const { files } = await model("ashford/bert-base-ashford");
    expect(files.map(({ path, role, blob, verdicts }) => [path, role, blob?.container, blob?.pickles, verdicts[0]?.verdict])).toEqual([
      ["pytorch_model.bin", "weights", "torch-zip", 1, "loads"],
      ["training_args.bin", "side", "torch-zip", 1, "blocked"],
    ]);
  });

  it("has a file that could not be had, with why", async () => {
    const { files, judged } = await model("slow-host/no-answer");
    expect(files).toMatchObject([
      { path: "final-model.pt", state: "unavailable", blob: null, failure: "the file host was silent for 60 s, five times" },
    ]);
    expect(judged[0]!.verdict).toBe("unavailable");
  });

  it("tells what it imports and calls, and what earlier surveys said", async () => {
    const { store, model: found } = await model("ashford/ner-ashford");
    const used = await usedCallables(store, found.revisionId, 100);
    expect(used.find(({ callable }) => callable === "flair.data.Dictionary")).toMatchObject({ imports: 1, calls: 1 });
    expect(used.find(({ callable }) => callable === "torch.FloatStorage")).toMatchObject({ imports: 1, calls: 0 });
    expect(new Set((await modelHistory(store, found.modelId)).map(({ survey }) => survey))).toEqual(new Set(["2026-q4", "2026-q3"]));
  });
});

describe("evidence", () => {
  it("puts first what could do harm, then what most policies block, with every place and policy", async () => {
    const { evidence, judged } = await model("mallory/tagger-with-a-surprise");
    expect(evidence.slice(0, 2).map(({ callable, capability }) => [callable, capability])).toEqual([
      ["webbrowser.open", "network"],
      ["importlib.import_module", "imports"],
    ]);
    const [first] = evidence;
    expect(first!.places.map(({ opcode, path, entry }) => [opcode, path, entry])).toEqual([
      ["STACK_GLOBAL", "pytorch_model.bin", "archive/data.pkl"],
      ["REDUCE", "pytorch_model.bin", "archive/data.pkl"],
    ]);
    const named = (policyId: number) => judged.find((judgement) => judgement.policyId === policyId)!.slot;
    expect(first!.places[1]!.blockedBy.map(({ policyId, mode, reason }) => [named(policyId), mode, reason])).toEqual([
      ["weights-only", "strict", "call outside the policy"],
      ["class", "strict", "call outside the policy"],
      ["class", "lazy", "call outside the policy"],
    ]);
    expect(first!.allowedBy).toEqual({ policies: 0, judged: [] });
  });

  it("leads from a verdict to what a loader under its policy comes to first", async () => {
    const survey = await sampleSurvey();
    const { store, surveyId } = survey;
    const names = await store.selectFrom("survey_model").select("listed_name").where("survey_id", "=", surveyId).execute();
    let judgements = 0;
    for (const { listed_name } of names) {
      const { files, judged, evidence } = await model(listed_name, survey);
      for (const judgement of judged) {
        const first = await store
          .selectFrom("file")
          .innerJoin("blocked", "blocked.blob_id", "file.blob_id")
          .where(
            "file.file_id",
            "in",
            files.map(({ fileId }) => fileId),
          )
          .where("role", "=", judgement.role)
          .where("policy_id", "=", judgement.policyId)
          .where("mode", "=", judgement.mode)
          .orderBy("path")
          .orderBy("ordinal")
          .select(["file.file_id as fileId", "offset", "callable_id as callableId"])
          .executeTakeFirst();
        const found = firstBlocked(evidence, files, judgement);
        const place = found && { fileId: found.place.fileId, offset: found.place.offset, callableId: found.found.callableId };
        expect([listed_name, place]).toEqual([listed_name, first ?? null]);
        if (found !== null) judgements++;
      }
    }
    expect(judgements).toBeGreaterThan(20);
  });

  it("says where a callable that one policy blocks is allowed by another that the model is judged by", async () => {
    const { evidence, judged } = await model("ashford/ner-ashford");
    const dictionary = evidence.find(({ callable }) => callable === "flair.data.Dictionary")!;
    const classPolicy = judged.find(({ slot }) => slot === "class")!.policyId;
    expect(dictionary.allowedBy).toEqual({ policies: 1, judged: [classPolicy] });
  });

  it("is none of a model that loads under everything, and of one without files", async () => {
    expect((await model("brindle/bert-base-brindle")).evidence).toEqual([]);
    expect((await model("modern/safetensors-only")).evidence).toEqual([]);
  });

  it("reads a stored program back, unless it is longer than asked for", async () => {
    const { store, evidence } = await model("mallory/totally-safe-bert");
    const { pickleId, offset } = evidence[0]!.places[0]!;
    const program = await findProgram(store, pickleId, 10_000);
    expect(program?.bytes[offset]).toBe(0x93);
    expect(program?.segments).toEqual([{ at: 0, offset: 0 }]);
    expect(await findProgram(store, pickleId, program!.bytes.length)).not.toBeNull();
    expect(await findProgram(store, pickleId, program!.bytes.length - 1)).toBeNull();
    expect(await findProgram(store, 999_999, 10_000)).toBeNull();
    // What a table of traces says of a file has no program with it.
    await store
      .updateTable("program")
      .set({ bytes: Buffer.alloc(0) })
      .execute();
    expect(await findProgram(store, pickleId, 10_000)).toBeNull();
  });

  it("does not inflate a program that is a bomb", async () => {
    const { store, evidence } = await model("mallory/totally-safe-bert");
    const { pickleId } = evidence[0]!.places[0]!;
    await store
      .updateTable("program")
      .set({ bytes: deflateRawSync(Buffer.alloc(64 * 2 ** 20)) })
      .where(({ eb, selectFrom }) => eb("program_id", "=", selectFrom("pickle").select("program_id").where("pickle_id", "=", pickleId)))
      .execute();
    expect(await findProgram(store, pickleId, 2 ** 20)).toBeNull();
  });
});
