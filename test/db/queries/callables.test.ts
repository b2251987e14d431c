import { describe, expect, it } from "vitest";
import { callablePlaces, firstSeen } from "../../../db/queries/callable-details.ts";
import {
  allowingPolicies,
  blockedUnder,
  callableModels,
  callableUse,
  findCallable,
  findCallables,
  listCallables,
} from "../../../db/queries/callables.ts";
import { findPolicy, listPolicies, policyEntries, policyUse } from "../../../db/queries/policies.ts";
import { findSourceFile, locateSources } from "../../../db/queries/sources.ts";
import { SAMPLE_MODELS } from "../../browser/sample-models.ts";
import { sampleSurvey } from "./sample.ts";

const SPELLINGS = [
  ...new Set(SAMPLE_MODELS.flatMap(({ files }) => files.flatMap(({ callables }) => callables.map((name) => name.replace(/^\+/, ""))))),
];

describe("callables", () => {
  it("are found by their spelling, hostile ones too", async () => {
    const { store } = await sampleSurvey();
    for (const spelling of SPELLINGS) {
      const found = await findCallables(store, spelling);
      expect(found.map(({ callable }) => callable)).toEqual([spelling]);
      expect((await findCallable(store, found[0]!.callableId))?.callable).toBe(spelling);
    }
    for (const unknown of ["os.nothing", "", "os", "%.%"]) expect(await findCallables(store, unknown)).toEqual([]);
  });

  it("are told by who uses them, allows them and blocks them", async () => {
    const { store, surveyId } = await sampleSurvey();
    const [dictionary] = await findCallables(store, "flair.data.Dictionary");
    const { callableId } = dictionary!;
    expect(await callableUse(store, surveyId, dictionary!)).toEqual({ importedBy: 11, calledBy: 11 });
    expect(await blockedUnder(store, surveyId, dictionary!)).toEqual([
      { slot: "weights-only", mode: "strict", role: "weights", models: 11 },
    ]);
    expect((await allowingPolicies(store, callableId)).map(({ name, kinds }) => [name, kinds])).toEqual([
      ["class:flair.models.sequence_tagger_model.SequenceTagger@flair-0.13.1", ["import", "call"]],
    ]);
    const models = await callableModels(store, surveyId, dictionary!, 3);
    expect(models.map(({ name, library }) => [name, library])).toEqual([
      ["ashford/ner-ashford", "flair"],
      ["brindle/ner-brindle", "flair"],
      ["caldera/ner-caldera", "flair"],
    ]);
  });

  it("are listed by how many models look them up, and searched by any part", async () => {
    const { store, surveyId } = await sampleSurvey();
    const listed = await listCallables(store, surveyId, "", 5);
    const counts = listed.map(({ importedBy }) => importedBy);
    expect(counts).toEqual([...counts].sort((a, b) => b - a));
    expect((await listCallables(store, surveyId, "SYSTEM", 5)).map(({ callable }) => callable)).toEqual(["posix.system"]);
    expect(await listCallables(store, surveyId, "100%", 5)).toEqual([]);
  });
});

describe("policies", () => {
  it("are listed with what they allow, and told with their reasons", async () => {
    const { store, surveyId } = await sampleSurvey();
    const policies = await listPolicies(store);
    expect(policies.map(({ slot }) => slot)).toEqual(["weights-only", "class", "class", "class", "class"]);
    const flair = policies.find(({ library }) => library === "flair")!;
    expect(await findPolicy(store, flair.policyId)).toEqual(flair);
    expect(await findPolicy(store, 999)).toBeNull();
    const entries = await policyEntries(store, flair.policyId);
    expect(entries.filter((entry) => entry.import !== null)).toHaveLength(flair.imports);
    expect(entries.filter((entry) => entry.call !== null)).toHaveLength(flair.calls);
    const dictionary = entries.find(({ callable }) => callable === "flair.data.Dictionary")!;
    expect(dictionary.call!.map(({ kind }) => kind)).toEqual(["class", "attribute", "annotation"]);
    expect(entries.find(({ callable }) => callable === "torch.device")).toMatchObject({ call: null });
    expect(
      (await policyUse(store, surveyId, flair.policyId)).map(({ mode, role, counts }) => [mode, role, counts.loads, counts.blocked]),
    ).toEqual([
      ["strict", "weights", 9, 2],
      ["lazy", "weights", 9, 2],
    ]);
  });
});

describe("sources", () => {
  it("are located in the library's own source, or else where only one has the file", async () => {
    const { store } = await sampleSurvey();
    const add = async (distribution: string, version: string, paths: string[]) => {
      const { source_id } = await store
        .insertInto("source")
        .values({ distribution, version, filename: "x", sha256: `${distribution}${version}`, released_at: null })
        .returning("source_id")
        .executeTakeFirstOrThrow();
      for (const path of paths) await store.insertInto("source_file").values({ source_id, path, text: "" }).execute();
      return source_id;
    };
    const own = await add("brine", "0.2.0", ["brine/a.py", "shared.py"]);
    const other = await add("salt", "1.0", ["salt/b.py", "shared.py", "twice.py"]);
    await add("salt", "1.1", ["twice.py"]);
    const located = await locateSources(store, { name: "brine", version: "0.2.0" }, [
      "brine/a.py",
      "shared.py",
      "salt/b.py",
      "twice.py",
      "none.py",
    ]);
    expect(Object.fromEntries(located)).toEqual({ "brine/a.py": own, "shared.py": own, "salt/b.py": other });
    expect(await findSourceFile(store, own, "brine/a.py")).toMatchObject({ distribution: "brine", version: "0.2.0" });
    expect(await findSourceFile(store, own, "../a.py")).toBeNull();
  });
});

describe("more of a callable", () => {
  it("has places in the models as given, each where the file really has it", async () => {
    const { store, surveyId } = await sampleSurvey();
    const [callable] = await findCallables(store, "torch.FloatStorage");
    const models = await callableModels(store, surveyId, callable!, 5);
    const places = await callablePlaces(
      store,
      surveyId,
      callable!,
      models.map(({ modelId }) => modelId),
    );
    expect(places.length).toBeGreaterThan(4);
    expect([...new Set(places.map(({ model }) => model))]).toEqual(models.map(({ name }) => name));
    for (const { model, path, offset, opcode } of places) {
      const facts = await store
        .selectFrom("fact")
        .innerJoin("pickle", "pickle.pickle_id", "fact.pickle_id")
        .innerJoin("file", "file.blob_id", "pickle.blob_id")
        .innerJoin("revision", "revision.revision_id", "file.revision_id")
        .innerJoin("model", "model.model_id", "revision.model_id")
        .where("model.name", "=", model)
        .where("path", "=", path)
        .where("callable_id", "=", callable!.callableId)
        .select(["fact.offset", "fact.opcode"])
        .execute();
      expect(facts).toContainEqual({ offset, opcode });
    }
    expect(await callablePlaces(store, surveyId, callable!, [])).toEqual([]);
  });

  it("was first seen in the earliest survey that has it", async () => {
    const { store } = await sampleSurvey();
    const [callable] = await findCallables(store, "torch.FloatStorage");
    expect(await firstSeen(store, callable!)).toMatchObject({ survey: "2026-q3" });
    expect(await firstSeen(store, { ...callable!, callableId: 0, callable: "nothing.of.this.name" })).toBeNull();
  });
});
