/** The commands on one file or one policy: trace, enforce, infer, policy. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import { writePolicy } from "../../../analyzer/policy/format.ts";
import type { Policy } from "../../../analyzer/policy/policy.ts";
import { maliciousFiles } from "../../fixtures/malicious.ts";
import { census, censusJson, ROOT, temporaryFolder } from "../run-census.ts";

const MODELS = path.join(ROOT, "test/fixtures/models");
const TAGGER = path.join(MODELS, "saltmarsh/ner-english-small/tagger.pkl");
const WHEEL = path.join(ROOT, "test/fixtures/wheels/brine-0.2.0-py3-none-any.whl");
const folder = temporaryFolder();
const policy = path.join(folder, "tagger.json");
const attack = path.join(folder, "attack.pkl");

interface Fact {
  readonly kind: string;
  readonly callable: string;
  readonly opcode: string;
  readonly offset: number;
  readonly via?: string;
}

/** What the pickle's own opcodes do, and where; what a callable does for it is in no recording. */
function placed(facts: readonly Fact[]) {
  return facts.filter(({ via }) => via === undefined).map(({ callable, opcode, offset }) => ({ callable, opcode, offset }));
}

beforeAll(async () => {
  writeFileSync(attack, maliciousFiles().find(({ name }) => name === "inside-a-tagger")!.bytes);
  expect(await census(["infer", "--source", WHEEL, "--class", "brine.models.SequenceTagger", "-o", policy])).toMatchObject({
    ending: "done",
    printed: "",
  });
});

describe("trace", () => {
  it("prints the facts, as CPython recorded them", async () => {
    const { ending, printed } = await census(["trace", TAGGER]);
    expect(ending).toBe("done");
    const trace = JSON.parse(printed);
    expect(Object.keys(trace)).toEqual(["file", "sha256", "size", "container", "outcome", "findings", "pickles"]);
    expect(trace).toMatchObject({ file: TAGGER, container: "pickle", outcome: "ok" });
    expect(trace.sha256).toBe(execFileSync("sha256sum", [TAGGER], { encoding: "utf8" }).slice(0, 64));
    const [pickle] = trace.pickles;
    const recorded: Fact[] = JSON.parse(readFileSync(`${TAGGER}.cpython.json`, "utf8")).pickles[0].facts;
    expect(placed(pickle.imports)).toEqual(placed(recorded.filter(({ kind }) => kind === "import")));
    expect(placed(pickle.calls)).toEqual(placed(recorded.filter(({ kind }) => kind === "call")));
  });

  it("of a file that breaks is printed as far as it goes, and ends undecided", async () => {
    const broken = path.join(folder, "broken.pkl");
    writeFileSync(broken, readFileSync(path.join(MODELS, "saltmarsh/pos-english/tagger.pkl")).subarray(0, 500));
    const { ending, printed } = await census(["trace", broken]);
    expect(ending).toBe("undecided");
    const trace = JSON.parse(printed);
    expect(trace).toMatchObject({ outcome: "malformed" });
    expect(trace.pickles[0].failure).toMatchObject({ kind: "truncated" });
    expect(trace.pickles[0].imports.length).toBeGreaterThan(0);
  });

  it("of a folder or of nothing is a mistake of usage", async () => {
    expect(await census(["trace", MODELS])).toMatchObject({ ending: "usage", printed: "" });
    expect(await census(["trace", "nothing.pkl"])).toMatchObject({ ending: "usage", printed: "" });
  });
});

describe("disassemble", () => {
  it("prints what pickletools prints", async () => {
    const { ending, printed } = await census(["disassemble", TAGGER]);
    expect(ending).toBe("done");
    expect(printed).toBe(execFileSync("/usr/bin/python3", ["-m", "pickletools", TAGGER], { encoding: "utf8", maxBuffer: 2 ** 26 }));
  });

  it("prints each of several pickles under its place, or the one that is asked for", async () => {
    const several = path.join(folder, "several.pkl");
    writeFileSync(several, Buffer.from("]q\0.}q\0.", "latin1"));
    expect((await census(["disassemble", several])).printed).toContain("# pickle 1, at byte 4\n    0: }    EMPTY_DICT\n");
    const { value } = await censusJson<{ pickles: object[] }>(["disassemble", several, "--pickle", "1"]);
    expect(value.pickles).toEqual([expect.objectContaining({ index: 1, offset: 4, error: null })]);
    expect((await census(["disassemble", several, "--pickle", "2"])).ending).toBe("usage");
  });

  it("says where it ends before the program does, and that a file holds none", async () => {
    const cut = path.join(folder, "cut.pkl");
    writeFileSync(cut, readFileSync(path.join(MODELS, "saltmarsh/pos-english/tagger.pkl")).subarray(0, 200));
    expect(await census(["disassemble", cut])).toMatchObject({ ending: "undecided", reported: expect.stringContaining("ValueError") });
    expect((await census(["disassemble", policy])).ending).toBe("usage");
  });
});

describe("decompile", () => {
  it("prints Python that names what the pickle calls", async () => {
    const { ending, printed } = await census(["decompile", attack]);
    expect(ending).toBe("done");
    expect(printed).toContain("system");
    const { status } = spawnSync("/usr/bin/python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], { input: printed });
    expect(status).toBe(0);
  });

  it("says where a program breaks off, and ends undecided, as disassemble does", async () => {
    const cut = path.join(folder, "cut.pkl");
    writeFileSync(cut, readFileSync(path.join(MODELS, "saltmarsh/pos-english/tagger.pkl")).subarray(0, 200));
    const { ending, printed, reported } = await census(["decompile", cut]);
    expect(ending).toBe("undecided");
    expect(printed).toContain("SequenceTagger");
    expect(reported).toMatch(/^pickle 0, at byte 0: malformed: .* \(truncated at byte \d+\)\n$/);
    const scanned = await census(["scan", cut]);
    expect(scanned.ending).toBe("blocked");
    expect(scanned.printed.replaceAll(/\n {15}/g, " ")).toMatch(/\n {2}note {9}malformed, besides: .* \(truncated at byte \d+\)\n/);
  });
});

describe("enforce", () => {
  it("lets the class's own models load, and blocks what is outside", async () => {
    const own = await censusJson<{ verdict: string }>(["enforce", TAGGER, "--policy", policy]);
    expect(own).toMatchObject({ ending: "done", value: { file: TAGGER, mode: "strict", verdict: "loads", blocked: [] } });
    const other = await censusJson<{ blocked: { callable: string }[] }>(["enforce", attack, "--policy", policy]);
    expect(other).toMatchObject({ ending: "blocked", value: { verdict: "blocked" } });
    expect(other.value.blocked[0]).toMatchObject({ callable: expect.stringMatching(/system$/), capability: "runs-code" });
  });

  it("takes the name of a release of torch for a policy", async () => {
    const { ending, value } = await censusJson(["enforce", TAGGER, "--policy", "weights-only@torch-2.8"]);
    expect({ ending, value }).toMatchObject({ ending: "blocked", value: { policy: "weights-only@torch-2.8" } });
    const unknown = await census(["enforce", TAGGER, "--policy", "weights-only@torch-9"]);
    expect(unknown).toMatchObject({ ending: "usage", reported: expect.stringContaining("built in are weights-only@torch-1.13") });
  });

  it("lazily lets what is only looked up be a stub", async () => {
    const lookup = path.join(folder, "lookup.pkl");
    writeFileSync(lookup, Buffer.from("(cposix\nsystem\nl.", "latin1"));
    expect((await censusJson(["enforce", lookup, "--policy", policy, "--mode", "lazy"])).ending).toBe("done");
    expect((await censusJson(["enforce", lookup, "--policy", policy])).ending).toBe("blocked");
  });

  it("lazily blocks a pickle that is nothing but a stub", async () => {
    const alone = path.join(folder, "alone.pkl");
    for (const listing of ["cposix\nsystem\n.", "cm\nC\n)\x81."]) {
      writeFileSync(alone, Buffer.from(listing, "latin1"));
      const { ending, value } = await censusJson<{ blocked: { opcode: string; reason: string }[] }>([
        ...["enforce", alone, "--policy", policy, "--mode", "lazy"],
      ]);
      expect(ending).toBe("blocked");
      expect(value.blocked).toMatchObject([{ opcode: "STOP", reason: "what the pickle returns is outside the policy" }]);
    }
  });

  it("says what to do about open slots and other releases, and advises no name", async () => {
    const read = JSON.parse(readFileSync(policy, "utf8"));
    const written = (name: string, changes: object) => {
      const file = path.join(folder, `${name}.json`);
      writeFileSync(file, JSON.stringify({ ...read, imports: [], calls: [], ...changes }));
      return file;
    };
    const asks = { attributes: [], classes: [], functions: false };
    const openSlots = [{ class: read.class, attribute: "embeddings", from: [], asks }];
    const reported = async (file: string, by: string) => (await census(["enforce", file, "--policy", by])).printed.replaceAll(/\n +/g, " ");
    const open = await reported(TAGGER, written("slots", { openSlots }));
    expect(open).toContain("the class leaves SequenceTagger.embeddings to its caller: 'census infer' with --open FILE fills that");
    expect(open).toContain("if another release than brine 0.2.0 saved it: 'census infer' with that as its --source");
    expect(open).toContain("the policy lacks brine.models.sequence_tagger.SequenceTagger, ");
    const filled = await reported(TAGGER, written("filled", { name: "class+open:tagger", openSlots, fillers: [] }));
    expect(filled).toContain("with --open FILE looks at this one");
    const closed = await reported(TAGGER, written("closed", { openSlots: undefined }));
    expect(closed).not.toContain("--open");
    const reached = path.join(folder, "getattr.pkl");
    writeFileSync(reached, "cbuiltins\ngetattr\n(NVname\ntR.");
    expect(await reported(reached, written("closed", { openSlots: undefined }))).toContain(
      "the policy lacks builtins.getattr (calls what it is handed)",
    );
    for (const printed of [open, filled, closed]) expect(printed).not.toMatch(/ allow /);
    expect(await reported(attack, policy)).not.toMatch(/census infer/);
  });

  it("says what is no policy: a folder, and JSON that is neither ours nor PickleBall's", async () => {
    const other = path.join(folder, "other.json");
    writeFileSync(other, '{"a": 1}');
    const reported = async (file: string) => (await census(["enforce", TAGGER, "--policy", file])).reported;
    expect(await reported(folder)).toBe(`error: ${folder} is a folder, and no policy file\n`);
    expect(await reported(other)).toMatch(/^error: .*other\.json is no policy: neither a policy of census .* nor one of PickleBall /);
  });

  it("needs a policy", async () => {
    expect(await census(["enforce", TAGGER])).toMatchObject({ ending: "usage", printed: "" });
  });
});

describe("infer", () => {
  it("reads a folder as it reads a wheel", async () => {
    const source = path.join(ROOT, "test/fixtures/brine/0.2.0");
    const { printed } = await census(["infer", "--source", source, "--class", "brine.models.SequenceTagger"]);
    const names = (text: string) => JSON.parse(text).imports.map(({ callable }: { callable: string }) => callable);
    expect(names(printed)).toEqual(names(readFileSync(policy, "utf8")));
    expect(JSON.parse(readFileSync(policy, "utf8")).library).toMatchObject({ name: "brine", version: "0.2.0" });
  });

  it("keeps what it parsed for the next run, which says the same", async () => {
    const words = ["infer", "--source", WHEEL, "--class", "brine.models.SequenceTagger"];
    const cache = path.join(folder, "caches");
    const environment = { XDG_CACHE_HOME: cache };
    const first = await census(words, { environment });
    expect(existsSync(path.join(cache, "picklecensus", "parsed.sqlite"))).toBe(true);
    expect(await census(words, { environment })).toEqual(first);
    expect((await census(words)).printed).toBe(first.printed);
  });

  it("writes PickleBall's format, and explains", async () => {
    const words = ["infer", "--source", WHEEL, "--class", "brine.models.SequenceTagger"];
    const theirs = JSON.parse((await census([...words, "--format", "pickleball"])).printed);
    expect(Object.values(theirs)).toEqual([{ globals: expect.arrayContaining(["collections.OrderedDict"]), reduces: expect.any(Array) }]);
    expect((await census([...words, "--explain"])).printed).toContain("SequenceTagger.scheme");
  });

  it("names the nearest class where there is none of the name", async () => {
    const { ending, reported } = await census(["infer", "--source", WHEEL, "--class", "brine.models.SequenceTager"]);
    expect(ending).toBe("usage");
    expect(reported).toContain("did you mean brine.models.SequenceTagger?");
    expect((await census(["infer", "--source", MODELS, "--class", "a.B"])).ending).toBe("usage");
  });

  it("names a file of source that cannot be read", async () => {
    const source = path.join(folder, "linked");
    mkdirSync(source);
    writeFileSync(path.join(source, "model.py"), "class Model: pass\n");
    symlinkSync("nowhere.py", path.join(source, "part.py"));
    const { ending, reported } = await census(["infer", "--source", source, "--class", "model.Model"]);
    expect(ending).toBe("usage");
    expect(reported).toContain(`cannot read ${path.join(source, "part.py")}: there is no such file`);
  });

  it("joins the releases of a library", async () => {
    const [first, last] = ["0.1.0", "0.2.0"].map((version) => path.join(ROOT, "test/fixtures/brine", version));
    const words = ["infer", "--source", first!, "--source", last!, "--class", "brine.models.SequenceTagger"];
    const { value } = await censusJson<Policy>(words);
    expect(value.name).toBe("class-range:brine.models.sequence_tagger.SequenceTagger@brine-0.1.0..0.2.0");
    const releases = new Set(value.imports.map(({ reasons }) => reasons[0]?.releases?.length));
    expect(releases).toEqual(new Set([1, 2]));
    expect((await census([...words, "--explain"])).printed).toContain("release: needed in ");
  });

  it("needs no source of a class whose pickles were recorded, and nothing else without", async () => {
    const { value } = await censusJson<Policy>(["infer", "--class", "argparse.Namespace"]);
    expect(value).toMatchObject({ name: "class:argparse.Namespace", library: null });
    const without = async (...words: string[]) => {
      const { ending, printed, reported } = await census(["infer", ...words]);
      expect([ending, printed]).toEqual(["usage", ""]);
      return reported;
    };
    expect(await without("--class", "brine.models.Tagger")).toContain("without --source, brine.models.Tagger is not known");
    expect(await without("--class", "Namespace")).toContain("did you mean argparse.Namespace?");
    expect(await without("--checkpoint")).toContain("--checkpoint needs the --source");
    for (const option of ["--open", "--dependency", "--library-version"])
      expect(await without("--class", "argparse.Namespace", option, TAGGER)).toContain(`${option} needs the --source`);
    expect(await without()).toContain("give the --source of the library");
  });

  it("prints JSON where it is to explain as well: the reasons are in it", async () => {
    const words = ["infer", "--class", "torch.device"];
    expect((await census([...words, "--explain"])).printed).toContain("as recorded (protocols 0 to 5, torch.save)");
    expect((await census([...words, "--explain", "--json"])).printed).toBe((await census(words)).printed);
  });

  it("warns of a folder of several distributions, and names the one that is meant", async () => {
    const site = path.join(folder, "site-packages");
    for (const name of ["lib", "lib-1.0.dist-info", "other-1.0.dist-info"]) mkdirSync(path.join(site, name), { recursive: true });
    writeFileSync(path.join(site, "lib", "__init__.py"), "class Model: pass\n");
    const { ending, reported } = await census(["infer", "--source", site, "--class", "lib.Model"]);
    expect(ending).toBe("done");
    expect(reported).toContain(`warning: ${site} holds 2 distributions`);
    expect(reported).toContain(`Of one: --source ${path.join(site, "lib")} --dependency ${site}\n`);
    expect((await census(["infer", "--source", path.join(site, "lib"), "--dependency", site, "--class", "lib.Model"])).reported).toBe("");
  });

  it("sums up in its last line where classes are too many to mean any, and tells each where asked to", async () => {
    const source = path.join(folder, "wide");
    mkdirSync(source);
    const parts = Array.from({ length: 120 }, (_, index) => `class Part${index}(Part): pass\n`).join("");
    writeFileSync(
      path.join(source, "lib.py"),
      `class Part: pass\n${parts}class Model:\n  def __init__(self, part: Part, more: Part):\n    self.part, self.more = part, more\n`,
    );
    const words = ["infer", "--source", source, "--class", "lib.Model"];
    const { reported } = await census(words);
    expect(reported).toMatch(/^note: in 2 places an object may be of too many classes .+\n$/);
    for (const option of ["--explain", "--verbose"])
      expect((await census([...words, option])).reported).toMatch(
        /^(lib\.py:\d+: .+: any of 121 classes, left to what the program makes\n){2}$/,
      );
  });

  it("says on a terminal what it follows, and lets an interrupt end it meanwhile", async () => {
    const fixture = path.join(ROOT, "test/fixtures/inference/checkpoint/source");
    const terminal = { colour: false, progress: true };
    let pauses = 0;
    const withoutPause = <Made>(work: () => Made): Made => {
      pauses++;
      return work();
    };
    const saved = await census(["infer", "--source", fixture, "--checkpoint"], { terminal, withoutPause });
    expect(saved.reported).toContain("0 of 2 that save; following lib.trainer.Trainer");
    expect(saved.reported).toContain("1 of 2 that save; following lib.trainer.remember");
    const one = await census(["infer", "--source", fixture, "--class", "lib.trainer.Trainer"], { terminal, withoutPause });
    expect(one.reported).toContain("Inferring what lib.trainer.Trainer needs");
    for (const { reported } of [saved, one]) expect(reported.endsWith("\r\x1b[2K")).toBe(true);
    expect(pauses).toBe(2);
  });

  it("says what a library saves itself, or that it saves nothing", async () => {
    const fixture = path.join(ROOT, "test/fixtures/inference/checkpoint/source");
    const { value } = await censusJson<Policy>(["infer", "--source", fixture, "--checkpoint"]);
    expect(value).toMatchObject({ name: "checkpoint:lib@lib", class: null });
    const optimizer = value.imports.find(({ callable }) => callable === "lib.parts.Optimizer");
    expect(optimizer?.reasons[0]).toMatchObject({ kind: "save", text: "lib.trainer.Trainer.save calls torch.save", line: 19 });
    const silent = path.join(ROOT, "test/fixtures/inference/annotations/source");
    expect(await census(["infer", "--source", silent, "--checkpoint"])).toMatchObject({ ending: "usage" });
    expect(await census(["infer", "--source", silent])).toMatchObject({ ending: "usage" });
  });
});

describe("enforce by PickleBall's rules", () => {
  it("says whose they are, and lets pass what they do not see", async () => {
    const gap = path.join(folder, "gap.pkl");
    writeFileSync(gap, "\x80\x02cbrine.data\nTable\n)\x81.", "latin1");
    const lookups = path.join(folder, "lookups.json");
    writeFileSync(lookups, JSON.stringify({ "brine.data.Table": { globals: ["brine.data.Table"], reduces: [] } }));
    expect((await census(["enforce", gap, "--policy", lookups])).ending).toBe("blocked");
    const words = ["enforce", gap, "--policy", lookups, "--enforcer", "pickleball"];
    expect((await census(words)).printed).toContain("class:brine.data.Table, by PickleBall's rules\n");
    expect((await censusJson<object>(words)).value).toMatchObject({ verdict: "loads", enforcer: "pickleball", mode: "strict" });
  });
});

describe("policy", () => {
  it("shows a built-in policy with where each name comes from", async () => {
    const { ending, printed } = await census(["policy", "show", "weights-only@torch-2.6"]);
    expect(ending).toBe("done");
    expect(printed).toContain("torch._utils._rebuild_tensor_v2  [import, call]\n  loader: torch 2.6.0 allows this rebuild function");
  });

  it("tells two releases apart, and joins them", async () => {
    const { printed } = await census(["policy", "diff", "weights-only@torch-2.6", "weights-only@torch-2.7"]);
    expect(printed).toContain("+ import torch.int1\n");
    expect(printed).not.toContain("- ");
    const { value } = await censusJson<{ imports: unknown[] }>(["policy", "union", "weights-only@torch-2.6", policy, "--name", "both"]);
    expect(value).toMatchObject({ name: "both" });
    expect(value.imports.length).toBeGreaterThan(128);
  });

  it("joins what models were seen to do, and measures an inferred one by it", async () => {
    const traces = await Promise.all(
      ["ner-english-small", "pos-english"].map(async (model) => {
        const seen = path.join(folder, `${model}.trace.json`);
        writeFileSync(seen, (await census(["trace", path.join(MODELS, `saltmarsh/${model}/tagger.pkl`)])).printed);
        return seen;
      }),
    );
    const observed = path.join(folder, "observed.json");
    await census(["policy", "union", ...traces, "--name", "observed:taggers", "-o", observed]);
    for (const model of ["ner-english-small", "pos-english"]) {
      const file = path.join(MODELS, `saltmarsh/${model}/tagger.pkl`);
      expect(await census(["enforce", file, "--policy", observed])).toMatchObject({ ending: "done" });
    }
    const { value } = await censusJson<{ imports: { recall: number; precision: number; f1: number } }>([
      ...["policy", "compare", observed, policy],
    ]);
    expect(value.imports.recall).toBe(1);
    expect(value.imports.precision).toBeGreaterThan(0);
    expect(value.imports.f1).toBeCloseTo((2 * value.imports.precision) / (1 + value.imports.precision));
    expect((await census(["enforce", attack, "--policy", observed])).ending).toBe("blocked");
  });

  it("becomes two lines for torch where they are enough, and says where they are not", async () => {
    const plain = path.join(folder, "plain.json");
    const names = ["brine.data.Table", "brine.data.restore"];
    writeFileSync(plain, JSON.stringify({ "brine.data.Table": { globals: names, reduces: names } }));
    expect(await census(["policy", "loader", plain, "--for-torch", "2.6"])).toMatchObject({
      ending: "done",
      printed: "import torch, brine.data\ntorch.serialization.add_safe_globals([brine.data.Table, brine.data.restore])\n",
    });
    writeFileSync(plain, JSON.stringify({ "brine.data.Table": { globals: [...names, "builtins.getattr"], reduces: names } }));
    const { ending, printed, reported } = await census(["policy", "loader", plain, "--for-torch", "2.6"]);
    expect(`${ending}${printed}`).toBe("usage");
    expect(reported).toContain("  builtins.getattr: ");
  });

  it("measures one by another", async () => {
    const { value } = await censusJson<{ imports: { recall: number; extra: string[] } }>([
      "policy",
      "compare",
      "weights-only@torch-2.6",
      "weights-only@torch-2.7",
    ]);
    expect(value.imports).toMatchObject({ recall: 1, extra: expect.arrayContaining(["torch.int1"]) });
  });

  it("finds what is dangerous in one, and tells what its arguments are judged of from it", async () => {
    const inferred = await censusJson<{ findings: { callable: string; kind: string; capability?: string }[] }>(["policy", "lint", policy]);
    expect(inferred.ending).toBe("done");
    expect(inferred.value.findings).toContainEqual(
      expect.objectContaining({ callable: "copyreg._reconstructor", kind: "arguments", capability: "calls-callables" }),
    );
    expect((await census(["policy", "lint", policy])).printed).toContain(
      "arguments   call   copyreg._reconstructor: reaches or calls what it is handed (verdict and loader judge its arguments)\n",
    );
    const generous = path.join(folder, "generous.json");
    writeFileSync(generous, JSON.stringify({ "a.A": { globals: ["os.system"], reduces: ["os.system"] } }));
    expect(await census(["policy", "lint", generous])).toMatchObject({
      ending: "blocked",
      printed: expect.stringContaining("dangerous   call   os.system: can run any code or program\n"),
    });
  });

  it("writes a loader that enforces one in Python", async () => {
    const loader = path.join(folder, "safe_load.py");
    expect((await census(["policy", "loader", policy, "-o", loader])).ending).toBe("done");
    const inst = path.join(folder, "inst.pkl");
    writeFileSync(inst, maliciousFiles().find(({ name }) => name === "inst")!.bytes);
    const program = `import sys; sys.path.insert(0, ${JSON.stringify(folder)}); import safe_load\ntry: safe_load.load(open(${JSON.stringify(inst)}, "rb"))\nexcept safe_load.Blocked as error: print(error)`;
    expect(execFileSync("/usr/bin/python3", ["-c", program], { encoding: "utf8" })).toContain("system");
    expect(await census(["policy", "loader", "weights-only@torch-2.6"])).toMatchObject({ ending: "usage" });
  });

  it("says of the loader of a policy with open slots that it keeps them closed", async () => {
    const open = path.join(folder, "open.json");
    writeFileSync(
      open,
      JSON.stringify({ ...JSON.parse(readFileSync(policy, "utf8")), name: "class+open:brine", openSlots: [], fillers: [] }),
    );
    const { printed, reported } = await census(["policy", "loader", open]);
    expect(printed).toMatch(/^POLICY = "class\+open:brine" {2}# the loader keeps its open slots closed/m);
    expect(reported).toContain("class+open:brine: the loader keeps its open slots closed, and refuses what would fill them");
  });

  it("writes the loader of one model, with its slots filled, and none of a model that does not load", async () => {
    const entries = (callable: string) => ({ imports: [{ callable, reasons: [] }], calls: [{ callable, reasons: [] }], openSlots: [] });
    const asks = { attributes: ["walk"], classes: [], functions: false };
    const open = path.join(folder, "holder.json");
    writeFileSync(
      open,
      writePolicy({
        ...entries("inert.D"),
        name: "class+open:inert.D@inert-1",
        class: "inert.D",
        library: null,
        openSlots: [{ class: "inert.D", attribute: "step", from: [], asks, takes: ["inert.C"] }],
        fillers: [{ ...entries("inert.C"), name: "inert.C", kind: "class", touches: [], isCalled: false }],
      }),
    );
    const model = (attribute: string) => {
      const object = (name: string) => `GLOBAL "inert ${name}"\nEMPTY_TUPLE\nNEWOBJ`;
      const program = assemble(
        `PROTO 4\n${object("D")}\nEMPTY_DICT\nSHORT_BINUNICODE "${attribute}"\n${object("C")}\nSETITEM\nBUILD\nSTOP`,
      );
      if (!program.ok) throw new Error(program.error.message);
      const file = path.join(folder, `${attribute}.pkl`);
      writeFileSync(file, program.value);
      return file;
    };
    const loader = path.join(folder, "load_step.py");
    expect(await census(["policy", "loader", open, "--model", model("step"), "-o", loader])).toMatchObject({
      ending: "done",
      reported: "",
    });
    const inert = path.resolve(import.meta.dirname, "../../oracle");
    const program = `import sys; sys.path[:0] = ${JSON.stringify([folder, inert])}; import load_step
for file in sys.argv[1:]:
    try: print(type(load_step.load(open(file, "rb")).step).__name__)
    except load_step.Blocked as blocked: print(blocked.reason)`;
    const printed = execFileSync("/usr/bin/python3", ["-c", program, model("step"), model("other")], { encoding: "utf8" });
    expect(printed).toBe("C\nanother file than the one this loader was written for\n");
    const { ending, reported } = await census(["policy", "loader", open, "--model", model("other")]);
    expect(ending).toBe("blocked");
    expect(reported).toContain("other.pkl does not load under class+open:inert.D@inert-1 (blocked), so no loader is written for it");
  });
});
