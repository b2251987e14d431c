/**
 * The policies of a survey side by side: of several candidate classes, with open slots filled, over releases, and by what
 * other models do. A library of three releases that says which of them it is.
 */
import { strToU8, zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { assemble } from "../../analyzer/pickle/assembler.ts";
import { runSurvey } from "../../crawler/survey.ts";
import type { SurveyRequest } from "../../crawler/survey-request.ts";
import type { Store } from "../../db/connection.ts";
import { candidatesTable } from "../../db/exports/candidates.ts";
import { candidateClasses } from "../../db/queries/candidates.ts";
import { readPolicy } from "../../db/stored-policy.ts";
import { temporaryStore } from "../db/temporary-store.ts";
import { heldContent } from "../hub/content.ts";
import { type Hub, startHub } from "../hub/hub.ts";
import type { Distribution } from "../hub/package-index.ts";
import { makeRepository, type Repository } from "../hub/repositories.ts";
import { surveyEffects, surveyRequest } from "./survey-setup.ts";

let hub: Hub;
afterEach(() => hub?.close());

const TAGGER =
  "class Tagger:\n    def __init__(self, step):\n        self.step = step\n    def run(self):\n        return self.step.fit()\n";
const STEP = "class Step:\n    def __init__(self):\n        self.weights = [1]\n    def fit(self):\n        return 1\n";

/** The module of the class moved with each minor version. */
function release(version: string, module: string, uploadTime: string): Distribution {
  const files = {
    "pebble/__init__.py": "",
    [`pebble/${module}.py`]: TAGGER,
    "pebble/steps.py": STEP,
    "pebble/model.py": `from pebble.${module} import Tagger\n`,
  };
  const content = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)]));
  return {
    project: "pebble",
    version,
    filename: `pebble-${version}-py3-none-any.whl`,
    uploadTime,
    open: async () => heldContent(zipSync({ ...content, [`pebble-${version}.dist-info/METADATA`]: strToU8("Name: pebble\n") })),
  };
}

const RELEASES = [
  release("1.0", "first", "2020-01-01T00:00:00Z"),
  release("1.1", "second", "2021-01-01T00:00:00Z"),
  release("1.1.1", "second", "2021-06-01T00:00:00Z"),
  release("2.0", "third", "2022-01-01T00:00:00Z"),
  release("3.0", "fourth", "2024-01-01T00:00:00Z"),
];

function pickle(listing: string): Uint8Array {
  const program = assemble(listing);
  if (!program.ok) throw new Error(program.error.message);
  return program.value;
}

/** An object of a class with a state of one attribute; the number makes contents differ. */
const object = (global: string, inside = "BININT 1") =>
  `GLOBAL "${global}"\nEMPTY_TUPLE\nNEWOBJ\nEMPTY_DICT\nBINUNICODE "step"\n${inside}\nSETITEM\nBUILD`;
const tagger = (module: string, inside?: string) => pickle(`PROTO 2\n${object(`pebble.${module} Tagger`, inside)}\nSTOP`);

const metadata = { library_name: "pebble", lastModified: "2023-01-01T00:00:00.000Z" };

let store: Store;
beforeEach(async () => {
  ({ store } = await temporaryStore());
});

async function survey(repositories: Repository[], changes: Partial<SurveyRequest> = {}) {
  hub = await startHub({ repositories, distributions: RELEASES });
  const summary = await runSurvey(surveyRequest(hub, changes), surveyEffects(store));
  expect(summary.outcome).toBe("finished");
  const rows = await store
    .selectFrom("model_verdict")
    .innerJoin("model", "model.model_id", "model_verdict.model_id")
    .innerJoin("policy", "policy.policy_id", "model_verdict.policy_id")
    .select(["model.name as model", "model_verdict.slot", "verdict", "policy.name as policy", "policy.policy_id as policyId"])
    .where("role", "=", "weights")
    .where("mode", "=", "strict")
    .execute();
  const verdictOn = (model: string, slot: string) => rows.find((row) => row.model === model && row.slot === slot)?.verdict ?? null;
  const policyOf = (model: string, slot: string) => rows.find((row) => row.model === model && row.slot === slot);
  return { summary, verdictOn, policyOf };
}

describe("class-range", () => {
  test("knows the names of earlier releases, the last of each minor version, and of none after the model", async () => {
    const { verdictOn, policyOf, summary } = await survey([
      makeRepository("a/now", { "x.pkl": tagger("third") }, metadata),
      makeRepository("a/old", { "x.pkl": tagger("second", "BININT 2") }, metadata),
      makeRepository("a/later", { "x.pkl": tagger("fourth", "BININT 3") }, metadata),
    ]);
    // Only one of them names the class as the release of 2022 does.
    expect(["now", "old", "later"].map((name) => verdictOn(`a/${name}`, "class"))).toEqual(["loads", null, null]);
    expect(["now", "old", "later"].map((name) => verdictOn(`a/${name}`, "class-range"))).toEqual(["loads", "loads", "blocked"]);
    expect(policyOf("a/now", "class-range")!.policy).toBe("class-range:pebble.third.Tagger@pebble-1.0..2.0");
    expect(summary.verdicts).toMatchObject({ class: { loads: 1 }, "class-range": { loads: 2, blocked: 1 } });
    expect(summary.classes).toEqual({ inferred: 1, "no-policy": 2 });
    const versions = await store.selectFrom("source").select("version").orderBy("version").execute();
    expect(versions.map(({ version }) => version)).toEqual(["1.0", "1.1.1", "2.0"]);
  });

  test("is one policy for all models of a class", async () => {
    const card = "```python\nfrom pebble.model import Tagger\nTagger(1)\n```\n";
    const { verdictOn, policyOf } = await survey([
      makeRepository(
        "a/old",
        { "x.pkl": pickle(`PROTO 2\nEMPTY_LIST\n${object("pebble.second Tagger")}\nAPPEND\nSTOP`), "README.md": card },
        metadata,
      ),
      makeRepository(
        "a/now",
        { "x.pkl": pickle(`PROTO 2\nEMPTY_LIST\n${object("pebble.third Tagger")}\nAPPEND\nSTOP`), "README.md": card },
        metadata,
      ),
    ]);
    expect([verdictOn("a/now", "class"), verdictOn("a/now", "class-range")]).toEqual(["loads", "loads"]);
    expect([verdictOn("a/old", "class"), verdictOn("a/old", "class-range")]).toEqual(["blocked", "loads"]);
    expect(policyOf("a/old", "class-range")).toEqual({ ...policyOf("a/now", "class-range"), model: "a/old" });
    const { library, imports } = await readPolicy(store, policyOf("a/old", "class-range")!.policyId);
    expect(library).toMatchObject({ name: "pebble", version: "1.0..2.0" });
    const names = imports.map(({ callable }) => callable);
    expect(names).toEqual(expect.arrayContaining(["pebble.first.Tagger", "pebble.second.Tagger", "pebble.third.Tagger"]));
    expect(names).not.toContain("pebble.fourth.Tagger");
  });
});

describe("class+open", () => {
  const step = 'GLOBAL "pebble.steps Step"\nEMPTY_TUPLE\nNEWOBJ';

  test("lets in what fills an open slot and is inert, and nothing else", async () => {
    const { verdictOn, policyOf } = await survey([
      makeRepository("a/plain", { "x.pkl": tagger("third") }, metadata),
      makeRepository("a/filled", { "x.pkl": tagger("third", step) }, metadata),
      makeRepository("a/evil", { "x.pkl": tagger("third", 'GLOBAL "os system"\nBINUNICODE "true"\nTUPLE1\nREDUCE') }, metadata),
    ]);
    expect([verdictOn("a/filled", "class"), verdictOn("a/filled", "class+open")]).toEqual(["blocked", "loads"]);
    expect([verdictOn("a/evil", "class"), verdictOn("a/evil", "class+open")]).toEqual(["blocked", "blocked"]);
    // What names nothing beyond the class policy is judged by that.
    expect(policyOf("a/plain", "class+open")!.policyId).toBe(policyOf("a/plain", "class")!.policyId);
    expect(policyOf("a/filled", "class+open")!.policy).toMatch(/^class\+open:pebble\.third\.Tagger@pebble-2\.0#[0-9a-f]{12}$/);
    const open = await readPolicy(store, policyOf("a/filled", "class+open")!.policyId);
    expect(open.fillers!.map(({ name }) => name)).toEqual(["pebble.steps.Step", "pebble.third.Tagger"]);
  });
});

describe("candidates", () => {
  const card = "```python\nfrom pebble.steps import Step\nStep().fit()\n```\n";

  test("are each judged, and the surest counts", async () => {
    const { verdictOn } = await survey([
      makeRepository("a/both", { "x.pkl": tagger("third"), "README.md": card, "config.json": '{"architectures": ["Nowhere"]}' }, metadata),
    ]);
    const { model_id } = await store.selectFrom("model").select("model_id").executeTakeFirstOrThrow();
    const candidates = await candidateClasses(store, 1, [model_id]);
    const weights = candidates.map(({ class: name, confidence, verdicts }) => ({
      class: name,
      confidence,
      verdict: verdicts.find(({ slot, mode, role }) => slot === "class" && mode === "strict" && role === "weights")?.verdict,
    }));
    expect(weights).toEqual([
      { class: "pebble.third.Tagger", confidence: "certain", verdict: "loads" },
      { class: "pebble.steps.Step", confidence: "possible", verdict: "blocked" },
    ]);
    expect(verdictOn("a/both", "class")).toBe("loads");
  });

  test("are exported, a row for each policy, mode and role", async () => {
    const listed = pickle(`PROTO 2\nEMPTY_LIST\n${object("pebble.third Tagger")}\nAPPEND\nSTOP`);
    const both = "```python\nfrom pebble.third import Tagger\nfrom pebble.steps import Step\nTagger(Step())\n```\n";
    const { summary } = await survey([
      makeRepository("a/both", { "x.pkl": listed, "README.md": both }, metadata),
      makeRepository("a/none", { "x.pkl": pickle("PROTO 2\nEMPTY_LIST\nSTOP") }),
    ]);
    expect(summary.classes).toEqual({ inferred: 1, "no-class": 1 });
    const rows = [];
    for await (const row of candidatesTable.rows(store, 1)) rows.push(row);
    const strict = rows
      .filter(({ mode }) => mode === "strict")
      .map((row) => [row.candidate, row.class, row.confidence, row.slot, row.verdict]);
    expect(strict).toEqual([
      [0, "pebble.third.Tagger", "possible", "class", "loads"],
      [0, "pebble.third.Tagger", "possible", "class+open", "loads"],
      [0, "pebble.third.Tagger", "possible", "class-range", "loads"],
      [1, "pebble.steps.Step", "possible", "class", "blocked"],
      [1, "pebble.steps.Step", "possible", "class+open", "blocked"],
      [1, "pebble.steps.Step", "possible", "class-range", "blocked"],
    ]);
  });
});

describe("observed", () => {
  const opened = (name: string, of: number) => pickle(`PROTO 2\nGLOBAL "${name}"\nBININT ${of}\nTUPLE1\nREDUCE\nSTOP`);

  test("is what the other models of a library do, each without what it does alone", async () => {
    const { verdictOn, policyOf } = await survey([
      makeRepository("a/one", { "x.pkl": opened("granite Rock", 1) }, { library_name: "granite" }),
      makeRepository("a/two", { "x.pkl": opened("granite Rock", 2) }, { library_name: "granite" }),
      makeRepository("a/evil", { "x.pkl": opened("os system", 3) }, { library_name: "granite" }),
      makeRepository("a/alone", { "x.pkl": opened("basalt Rock", 4) }, { library_name: "basalt" }),
      makeRepository("a/nowhere", { "x.pkl": opened("basalt Rock", 5) }),
    ]);
    expect(["one", "two", "evil", "alone", "nowhere"].map((name) => verdictOn(`a/${name}`, "observed"))).toEqual([
      "loads",
      "loads",
      "blocked",
      null,
      null,
    ]);
    expect(policyOf("a/one", "observed")!.policy).toMatch(/^observed:granite#[0-9a-f]{12}$/);
    const { imports } = await readPolicy(store, policyOf("a/one", "observed")!.policyId);
    expect(imports.map(({ callable, reasons }) => [callable, reasons[0]!.file])).toEqual([["granite.Rock", "a/one/x.pkl"]]);
  });

  test("counts copies of the same weights as one", async () => {
    const evil = opened("os system", 1);
    const { verdictOn } = await survey([
      makeRepository("a/one", { "x.pkl": evil }, { library_name: "granite" }),
      makeRepository("b/two", { "y.pkl": evil }, { library_name: "granite" }),
      makeRepository("c/three", { "x.pkl": opened("granite Rock", 2) }, { library_name: "granite" }),
    ]);
    expect(["a/one", "b/two", "c/three"].map((name) => verdictOn(name, "observed"))).toEqual(["blocked", "blocked", "blocked"]);
  });
});
