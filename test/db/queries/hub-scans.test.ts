import { describe, expect, it } from "vitest";
import { hubAgreement, hubScansOf } from "../../../db/queries/hub-scans.ts";
import { findModel } from "../../../db/queries/model.ts";
import { writeHubScans } from "../../../db/writes-hub-scans.ts";
import { sampleSurvey } from "./sample.ts";

async function scansOf(name: string) {
  const { store, surveyId } = await sampleSurvey();
  const { revisionId } = (await findModel(store, surveyId, name))!;
  return { store, scans: () => hubScansOf(store, revisionId) };
}

describe("the Hub's scans of a model", () => {
  it("are of each file that was asked about, weights first, with every name that either found", async () => {
    const { scans } = await scansOf("mallory/totally-safe-bert");
    const [file] = await scans();
    expect(file).toMatchObject({ status: "unsafe", scanners: { avScan: "safe", pickleImportScan: "unsafe" }, read: true });
    expect(file!.imports.map(({ callable, safety, found }) => [callable, safety, found])).toEqual(
      expect.arrayContaining([
        ["builtins.eval", "dangerous", true],
        ["posix.system", "dangerous", true],
      ]),
    );
  });

  it("tell apart what only the Hub found and what only the facts have, and are replaced when asked again", async () => {
    const { store, scans } = await scansOf("mallory/totally-safe-bert");
    const { fileId } = (await scans())[0]!;
    const told = [
      { name: "os.path.join", safety: "suspicious" },
      { name: "os.path.join", safety: "dangerous" },
      { name: "os.path.join", safety: "innocuous" },
      { name: "posix.system", safety: "of a kind that is new" },
    ];
    await writeHubScans(store, [{ fileId, status: "caution", scanners: {}, imports: told }], "2026-12-01T00:00:00.000Z", () => "unknown");
    const [file] = await scans();
    expect(file).toMatchObject({ status: "caution", scanners: {}, askedAt: "2026-12-01T00:00:00.000Z" });
    const byName = Object.fromEntries(file!.imports.map(({ callable, safety, found }) => [callable, [safety, found]]));
    expect(byName).toMatchObject({
      "os.path.join": ["dangerous", false],
      "posix.system": ["of a kind that is new", true],
      "builtins.eval": [null, true],
    });
  });

  it("of a file that was not read say so", async () => {
    const { scans } = await scansOf("slow-host/no-answer");
    expect(await scans()).toMatchObject([{ status: "unscanned", read: false, imports: [] }]);
  });
});

describe("the agreement of a survey", () => {
  it("counts each file once, by what the Hub and a policy say of it", async () => {
    const { store, surveyId } = await sampleSurvey();
    const counted = await hubAgreement(store, surveyId, { slot: "weights-only", mode: "strict", role: "weights" });
    const { files } = await store
      .selectFrom("survey_model")
      .innerJoin("file", "file.revision_id", "survey_model.revision_id")
      .where("survey_id", "=", surveyId)
      .where("role", "=", "weights")
      .select(({ fn }) => fn.countAll<number>().as("files"))
      .executeTakeFirstOrThrow();
    expect(counted.reduce((sum, row) => sum + row.files, 0)).toBe(files);
    expect(counted.find(({ status, verdict }) => status === "unsafe" && verdict === "loads")).toBeUndefined();
    expect(counted.find(({ status, verdict }) => status === "safe" && verdict === "loads")!.files).toBeGreaterThan(0);
    expect(counted.find(({ status, verdict }) => status === "unscanned" && verdict === null)!.files).toBeGreaterThan(0);
  });
});
