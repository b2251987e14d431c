import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { readPolicy } from "../../../analyzer/policy/format.ts";
import type { Policy } from "../../../analyzer/policy/policy.ts";
import { openStore } from "../../../db/connection.ts";
import type { PolicySlot } from "../../../db/schema.ts";
import { writePolicy } from "../../../db/stored-policy.ts";
import { makeOlder } from "../../db/temporary-store.ts";
import { maliciousFiles } from "../../fixtures/malicious.ts";
import { type Hub, startHub } from "../../hub/hub.ts";
import { makeRepository } from "../../hub/repositories.ts";
import { maliciousRepositories, modelRepositories } from "../../hub/samples.ts";
import { census, censusJson, ROOT, temporaryFolder } from "../run-census.ts";

const MODELS = path.join(ROOT, "test/fixtures/models");
const folder = temporaryFolder();

interface ScanJson {
  readonly files: readonly {
    readonly file: string;
    readonly role: string | null;
    readonly container: string | null;
    readonly verdicts: readonly {
      readonly file: string;
      readonly policy: string;
      readonly mode: string;
      readonly by?: string;
      readonly verdict: string;
      readonly message?: string;
      readonly blocked: readonly { callable: string | null; opcode: string; entry: string | null; offset: number; capability: string }[];
    }[];
  }[];
}

/** Writes a malicious sample to disk under its listing's name, and says where. */
function malicious(name: string): string {
  const file = path.join(folder, `${name}.pkl`);
  writeFileSync(file, maliciousFiles().find((each) => each.name === name)!.bytes);
  return file;
}

describe("a file", () => {
  it("that attacks is blocked, with the place and what it could do", async () => {
    const file = malicious("inst");
    const { ending, value } = await censusJson<ScanJson>(["scan", file]);
    expect(ending).toBe("blocked");
    expect(value.files).toHaveLength(1);
    const [{ container, verdicts }] = value.files as [ScanJson["files"][number]];
    expect(container).toBe("pickle");
    expect(verdicts).toHaveLength(1);
    expect(verdicts[0]).toMatchObject({ file, policy: "weights-only@torch-2.6", mode: "strict", verdict: "blocked" });
    expect(verdicts[0]!.blocked).toContainEqual(expect.objectContaining({ opcode: "INST", entry: null, capability: "runs-code" }));
  });

  it("that attacks is reported with its first offence and what it is about", async () => {
    const { printed } = await census(["scan", malicious("stack-global-from-memo")]);
    expect(printed).toContain("blocked      weights-only@torch-2.6");
    expect(printed).toMatch(
      /and further on\n +REDUCE at byte (\d+): (os|posix)\.system \(runs code\)\n +\1: R {4}REDUCE\n +\w+ = system\(.*\)\n/,
    );
  });

  it("is a line of JSON each with --jsonl, as --json has it, and the ending is that of all", async () => {
    const files = ["inst", "partial"].map(malicious);
    const model = path.join(MODELS, "larkspur/encoder-small-sentiment/pytorch_model.bin");
    const { ending, printed } = await census(["scan", ...files, model, "--jsonl"]);
    const lines = printed.trimEnd().split("\n");
    const { value } = await censusJson<ScanJson>(["scan", ...files, model]);
    expect(lines.map((line) => JSON.parse(line))).toEqual(value.files);
    expect(value.files.map(({ file }) => file)).toEqual([...files, model]);
    expect(ending).toBe("blocked");
    expect((await census(["scan", model, "--jsonl", "--json"])).ending).toBe("usage");
  });

  it("that holds a pickle in a constant says so", async () => {
    const file = path.join(folder, "constant.pkl");
    const inner = Buffer.from("\x80\x02cposix\nsystem\nU\x02id\x85R.", "latin1");
    writeFileSync(file, Buffer.concat([Buffer.from([0x80, 2, 0x43, inner.length]), inner, Buffer.from(".")]));
    expect((await census(["scan", file])).printed).toMatch(
      /\n {2}note {9}\d+ bytes of a constant are a pickle themselves, naming\n {15}posix\.system: nothing here is seen to load them\n/,
    );
  });

  it("that is a state dict loads", async () => {
    const file = path.join(MODELS, "larkspur/encoder-small-sentiment/pytorch_model.bin");
    expect(await census(["scan", file])).toMatchObject({ ending: "done", reported: "" });
  });

  it("that is nothing known is not decided", async () => {
    const file = path.join(folder, "noise.bin");
    writeFileSync(
      file,
      Uint8Array.from({ length: 64 }, (_, index) => (index * 89 + 7) % 251),
    );
    const { ending, value } = await censusJson<ScanJson>(["scan", file]);
    expect(ending).toBe("undecided");
    expect(value.files[0]).toMatchObject({ container: "unknown", verdicts: [{ verdict: "unsupported" }] });
  });

  it("that is a Git LFS pointer is unavailable: its content is elsewhere", async () => {
    const file = path.join(folder, "pointer.bin");
    writeFileSync(file, "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n");
    const { ending, value } = await censusJson<ScanJson>(["scan", file]);
    expect(ending).toBe("undecided");
    expect(value.files[0]).toMatchObject({ container: "git-lfs-pointer", verdicts: [{ verdict: "unavailable" }] });
  });

  it("that is not there is the user's mistake", async () => {
    expect(await census(["scan", "no-such-file.bin"])).toMatchObject({
      ending: "usage",
      printed: "",
      reported: "error: no such file or folder: no-such-file.bin\n",
    });
  });

  it("says from which torch on it loads", async () => {
    // SETITEMS into a Counter is a plain state dict for every release; Python 2's names are mapped from 2.6 on.
    const file = path.join(folder, "python2.pkl");
    writeFileSync(file, Buffer.from("c__builtin__\nset\n(]tR.", "latin1"));
    const { printed } = await census(["scan", file, "--torch", "2.2"]);
    expect(printed).toContain("it loads weights-only from torch 2.6.0 on");
  });
});

describe("what it would take", () => {
  const encoder = path.join(MODELS, "larkspur/encoder-small-sentiment");

  it("is two lines for torch where they are enough", async () => {
    const { printed } = await census(["scan", path.join(encoder, "training_args.bin")]);
    expect(printed).toContain(
      "    to load it, first run\n      import torch, transformers.trainer_utils, transformers.training_args\n      torch.serialization.add_safe_globals([",
    );
    const { value } = await censusJson<{ files: { safeGlobals: string[]; loadsFrom: null }[] }>([
      "scan",
      path.join(encoder, "training_args.bin"),
    ]);
    expect(value.files[0]).toMatchObject({
      loadsFrom: null,
      safeGlobals: expect.arrayContaining(["transformers.training_args.TrainingArguments"]),
    });
  });

  it("is not, where torch goes by a type that no name shows", async () => {
    // BUILD wants numpy.dtype's own subclass, which only a run makes.
    const { printed } = await census(["scan", path.join(encoder, "rng_state.pth")]);
    expect(printed).toContain("add_safe_globals is not enough for numpy.core.multiarray._reconstruct,\n    numpy.ndarray, numpy.dtype\n");
    expect(printed).not.toContain("first run");
    expect(printed).toMatch(/torch says: Unsupported global: [^`]+Please use\n {4}`torch\.serialization/);
  });

  it("is a class policy, where the file holds an object of a library", async () => {
    const { printed } = await census(["scan", path.join(MODELS, "saltmarsh/ner-english-small/tagger.pkl")]);
    expect(printed).toContain(
      "it holds a brine.models.sequence_tagger.SequenceTagger: the policy of that\n    class may let it in (census infer)",
    );
  });

  it("is nothing to be recommended, where it runs code", async () => {
    const { printed } = await census(["scan", malicious("python2-names")]);
    expect(printed).toMatch(/it would take \S+, which runs code: no policy should allow\n? +that/);
    expect(printed).not.toMatch(/to load it|census infer/);
  });

  it("is not torch's own proposal to allow what runs code, which JSON has in torch's words", async () => {
    const file = path.join(folder, "exec.pkl");
    // Blocked first is a name that nobody knows anything of.
    writeFileSync(file, Buffer.from("cnobody.knows\nWhat\n0c__builtin__\nexec\n(Vpass\ntR.", "latin1"));
    const { printed } = await census(["scan", file]);
    expect(printed).toContain("torch says: Unsupported global: GLOBAL nobody.knows.What was not an allowed");
    expect(printed).toMatch(/it would take builtins\.exec, which runs code/);
    expect(printed).not.toMatch(/Please use|add_safe_globals/);
    const { value } = await censusJson<{ files: { verdicts: { blocked: { reason: string }[] }[] }[] }>(["scan", file]);
    expect(value.files[0]!.verdicts[0]!.blocked[0]!.reason).toMatch(/^Unsupported global: .* Please use `torch/);
  });

  it("is told with the statement that the blocked opcode amounts to, in 80 columns", async () => {
    const { printed } = await census(["scan", malicious("stack-global-from-memo")]);
    expect(printed).toMatch(/\n {6}\w+ = system\(.*\)\n/);
    const { printed: long } = await census(["scan", path.join(encoder, "rng_state.pth")]);
    const wide = long.split("\n").filter((line) => line.length > 80 && !line.startsWith(MODELS) && !line.includes(" at byte "));
    expect(wide).toEqual([]);
  });
});

describe("--compare", () => {
  it("lays every judge side by side, and the deny-list apart from verdicts", async () => {
    const { value, ending } = await censusJson<{ files: { opinions: { judge: string; says: string; of: string[] }[] }[] }>([
      ...["scan", malicious("inside-a-tagger"), "--compare"],
    ]);
    expect(ending).toBe("blocked");
    const { opinions } = value.files[0]!;
    expect(opinions.slice(0, -1).every(({ judge, says }) => judge.startsWith("weights-only@torch-") && says === "blocked")).toBe(true);
    expect(opinions.at(-1)).toMatchObject({ judge: "deny-list (no verdict)", says: "forbids" });
    const { printed } = await census(["scan", malicious("inside-a-tagger"), "--compare"]);
    expect(printed).toMatch(/side by side\n {2}blocked +weights-only@torch-1\.13 to 2\.14: /);
  });
});

describe("--sarif", () => {
  it("is SARIF 2.1.0: what the schema requires of a log, a run, a rule and a result is there", async () => {
    const broken = path.join(folder, "broken file.pkl");
    writeFileSync(broken, Uint8Array.from([0x80, 4, 0x95]));
    const file = malicious("inst");
    const { ending, printed } = await census(["scan", file, broken, "--sarif"]);
    expect(ending).toBe("blocked");
    const log = sarif.parse(JSON.parse(printed));
    const [run] = log.runs as [(typeof log.runs)[number]];
    expect(run.results.map(({ ruleId }) => ruleId)).toContain("blocked");
    for (const { ruleId, ruleIndex } of run.results) expect(run.tool.driver.rules[ruleIndex]!.id).toBe(ruleId);
    const first = run.results.find(({ properties }) => properties.opcode === "INST" && properties.capability === "runs-code")!;
    expect(first).toMatchObject({
      level: "error",
      locations: [{ physicalLocation: { artifactLocation: { uri: pathToFileURL(file).href } } }],
    });
    expect(first.locations[0]!.physicalLocation.region!.byteOffset).toBeGreaterThan(0);
    expect(run.results.at(-1)!.locations[0]!.physicalLocation.artifactLocation.uri).toMatch(/broken%20file\.pkl$/);
  });

  it("has no result where everything loads", async () => {
    const { ending, printed } = await census(["scan", path.join(MODELS, "larkspur/encoder-small-sentiment/pytorch_model.bin"), "--sarif"]);
    expect(ending).toBe("done");
    expect(sarif.parse(JSON.parse(printed)).runs[0]!.results).toEqual([]);
  });
});

/** sarif-schema-2.1.0.json, as far as we write it: its required properties, its enumerations, its minima. */
const sarif = z.strictObject({
  $schema: z.url(),
  version: z.literal("2.1.0"),
  runs: z.array(
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({
          name: z.string(),
          version: z.string(),
          rules: z.array(z.strictObject({ id: z.string(), shortDescription: z.strictObject({ text: z.string().min(1) }) })),
        }),
      }),
      columnKind: z.enum(["utf16CodeUnits", "unicodeCodePoints"]),
      results: z.array(
        z.strictObject({
          ruleId: z.string(),
          ruleIndex: z.int().min(0),
          level: z.enum(["none", "note", "warning", "error"]),
          message: z.strictObject({ text: z.string().min(1) }),
          locations: z.array(
            z.strictObject({
              physicalLocation: z.strictObject({
                artifactLocation: z.strictObject({ uri: z.string().regex(/^[\w.~:/?#[\]@!$&'()*+,;=%-]+$/) }),
                region: z.strictObject({ byteOffset: z.int().min(0), byteLength: z.int().min(0) }).optional(),
              }),
            }),
          ),
          properties: z.record(z.string(), z.unknown()),
        }),
      ),
    }),
  ),
});

describe("a folder", () => {
  it("is judged file by file, and one that cannot be read keeps no other from it", async () => {
    const place = path.join(folder, "checkpoint");
    mkdirSync(place);
    writeFileSync(path.join(place, "a.pkl"), maliciousFiles()[0]!.bytes);
    writeFileSync(path.join(place, "config.json"), "{}");
    symlinkSync(path.join(folder, "nowhere"), path.join(place, "b.bin"));
    symlinkSync(place, path.join(place, "loop"));
    const { ending, value } = await censusJson<ScanJson>(["scan", place]);
    expect(value.files.map(({ file, verdicts }) => [path.basename(file), verdicts[0]?.verdict])).toEqual([
      ["a.pkl", "blocked"],
      ["b.bin", "unavailable"],
      ["config.json", undefined],
    ]);
    expect(ending).toBe("blocked");
    const { printed } = await census(["scan", place]);
    expect(printed).toContain("3 files: 1 blocked, 1 unavailable, 1 without a pickle");
    expect(printed).not.toContain("config.json");
  });
});

describe("what holds no pickle", () => {
  const nothing = "nothing to judge: no pickle";
  const place = path.join(folder, "texts");

  it("is nothing to judge, in a file, a folder or an empty one, and ends undecided", async () => {
    mkdirSync(path.join(place, "empty"), { recursive: true });
    const text = path.join(place, "t.txt");
    writeFileSync(text, "hello\n");
    expect(await census(["scan", text])).toEqual({
      ending: "undecided",
      printed: `${text} (text, 0 pickles)\n  ${nothing}\n1 file: ${nothing}\n`,
      reported: "",
    });
    expect(await census(["scan", place])).toEqual({ ending: "undecided", printed: `1 file: ${nothing}\n`, reported: "" });
    const empty = path.join(place, "empty");
    expect(await census(["scan", empty])).toEqual({ ending: "undecided", printed: `0 files: ${nothing}\n`, reported: "" });
    expect(await census(["enforce", text, "--policy", "weights-only@torch-2.6"])).toMatchObject({
      ending: "undecided",
      printed: `${text} (text, 0 pickles)\n  ${nothing}\n`,
    });
    const { ending, value } = await censusJson<ScanJson>(["scan", text]);
    expect({ ending, files: value.files }).toMatchObject({ ending: "undecided", files: [{ pickles: 0, verdicts: [] }] });
    const enforced = await censusJson(["enforce", text, "--policy", "weights-only@torch-2.6"]);
    expect(enforced).toMatchObject({ ending: "undecided", value: { pickles: 0, verdict: null } });
  });

  it("does not count beside what holds one", async () => {
    const model = path.join(MODELS, "larkspur/encoder-small-sentiment/pytorch_model.bin");
    const { ending, printed } = await census(["scan", place, model]);
    expect(ending).toBe("done");
    expect(printed).toMatch(/\n2 files: 1 loads, 1 without a pickle\n$/);
  });
});

describe("--policy", () => {
  const tagger = path.join(MODELS, "saltmarsh/ner-english-small/tagger.pkl");

  it("judges beside weights-only, and alone decides how the run ends", async () => {
    const policy = path.join(folder, "tagger.json");
    const wheel = path.join(ROOT, "test/fixtures/wheels/brine-0.2.0-py3-none-any.whl");
    await census(["infer", "--source", wheel, "--class", "brine.models.SequenceTagger", "-o", policy]);
    const { ending, value } = await censusJson<ScanJson>(["scan", tagger, "--policy", policy]);
    expect(value.files[0]!.verdicts.map(({ verdict }) => verdict)).toEqual(["blocked", "loads"]);
    expect(ending).toBe("done");
    const attack = await censusJson<ScanJson>(["scan", malicious("inside-a-tagger"), "--policy", policy]);
    expect(attack.value.files[0]!.verdicts.map(({ verdict }) => verdict)).toEqual(["blocked", "blocked"]);
    expect(attack.ending).toBe("blocked");
  });

  it("of the class that a file holds is taken from the store: the newest under which it loads, else the newest", async () => {
    const database = path.join(folder, "policies.sqlite");
    const file = path.join(folder, "tagger.json");
    const store = await openStore(database);
    const read = readPolicy(readFileSync(file, "utf8"));
    if (!read.ok) throw new Error(read.error.message);
    const inferred = read.value;
    /** As other releases would have it, with all of its names or none. */
    const release = (version: string, names: boolean): Policy => ({
      ...inferred,
      name: `class:tagger@brine-${version}`,
      library: { ...inferred.library!, version },
      ...(!names && { imports: [], calls: [] }),
    });
    const write = (policy: Policy, slot: PolicySlot = "class") => writePolicy(store, { slot, policy, engine: "test" }, () => "unknown");
    const judged = async () => {
      const { ending, value } = await censusJson<ScanJson>(["scan", tagger, "--database", database]);
      // What nobody asked for does not count.
      expect(ending).toBe("blocked");
      return value.files[0]!.verdicts.map(({ policy, verdict, by }) => [policy, verdict, by]);
    };
    const torch = ["weights-only@torch-2.6", "blocked", undefined];
    await write(release("0.9.0", false));
    await write(release("0.10.0", false));
    expect(await judged()).toEqual([torch, ["class:tagger@brine-0.10.0", "blocked", "store"]]);
    await write({ ...release("0.10.0", true), name: "class-range:tagger@brine-0.9.0..0.10.0" }, "class-range");
    expect(await judged()).toEqual([torch, ["class-range:tagger@brine-0.9.0..0.10.0", "loads", "store"]]);
    await write(release("0.3.0", true));
    await write(release("0.2.0", true));
    expect(await judged()).toEqual([torch, ["class:tagger@brine-0.3.0", "loads", "store"]]);
    await store.destroy();
    const { printed } = await census(["scan", tagger, "--database", database]);
    expect(printed).toContain("loads        class:tagger@brine-0.3.0 (the store's, does not count)");
  });

  it("of a store that is not there, or of another version, is missed only where the store was named", async () => {
    const database = path.join(folder, "older.sqlite");
    const store = await openStore(database);
    await makeOlder(store);
    await store.destroy();
    const unasked = await census(["scan", tagger], { environment: { CENSUS_DATABASE: database } });
    expect(unasked).toMatchObject({ ending: "blocked", reported: expect.stringContaining("without the class policies of") });
    expect(await census(["scan", tagger, "--database", database])).toMatchObject({ ending: "usage", printed: "" });
    expect(await census(["scan", tagger, "--database", path.join(folder, "none.sqlite")])).toMatchObject({ ending: "usage", printed: "" });
  });

  it("that is no policy is the user's mistake", async () => {
    const { ending, reported } = await census(["scan", tagger, "--policy", tagger]);
    expect(ending).toBe("usage");
    expect(reported).toContain("is no policy");
  });
});

describe("--quiet", () => {
  it("leaves it to the exit code", async () => {
    expect(await census(["scan", malicious("newobj"), "--quiet"])).toEqual({ ending: "blocked", printed: "", reported: "" });
  });
});

describe("hf://", () => {
  let hub: Hub;
  beforeAll(async () => {
    hub = await startHub({ repositories: await modelRepositories(MODELS) });
  });
  afterAll(() => hub.close());

  const at = () => ({ environment: { CENSUS_HUB: hub.url } });

  it("reads the candidate files of a model by ranges, at its commit", async () => {
    const { ending, value } = await censusJson<ScanJson>(["scan", "hf://larkspur/encoder-small-sentiment"], at());
    const shown = value.files.map(({ file, role, verdicts }) => [file.replace(/@[0-9a-f]{40}/, "@COMMIT"), role, verdicts[0]!.verdict]);
    expect(shown).toContainEqual(["hf://larkspur/encoder-small-sentiment@COMMIT/pytorch_model.bin", "weights", "loads"]);
    expect(shown).toContainEqual(["hf://larkspur/encoder-small-sentiment@COMMIT/training_args.bin", "side", "blocked"]);
    expect(shown.flat().join(" ")).not.toContain("config.json");
    expect(ending).toBe("blocked");
  });

  it("takes a revision and a path", async () => {
    const { ending, value } = await censusJson<ScanJson>(["scan", "hf://larkspur/encoder-small-sentiment@main/pytorch_model.bin"], at());
    expect(value.files).toHaveLength(1);
    expect(ending).toBe("done");
  });

  it("ends undecided where a model has no file that could hold a pickle, and says which path is not there", async () => {
    const other = await startHub({ repositories: [makeRepository("larkspur/texts", { "README.md": "hello" })] });
    try {
      const there = { environment: { CENSUS_HUB: other.url } };
      expect(await census(["scan", "hf://larkspur/texts"], there)).toMatchObject({
        ending: "undecided",
        printed: "0 files: nothing to judge: no pickle\n",
      });
      expect(await census(["scan", "hf://larkspur/texts/model.bin"], there)).toMatchObject({
        ending: "usage",
        reported: expect.stringContaining("no such file or folder in the model"),
      });
    } finally {
      await other.close();
    }
  });

  it("lays the Hub's own scan beside ours", async () => {
    const [repository] = maliciousRepositories();
    const pickleImportScan = { pickleImports: [{ module: "os", name: "system", safety: "dangerous" }] };
    for (const file of repository!.files.values()) Object.assign(file.security, { status: "unsafe", pickleImportScan });
    const scanned = await startHub({ repositories: [repository!] });
    try {
      const { printed } = await census(["scan", `hf://${repository!.id}`, "--compare"], { environment: { CENSUS_HUB: scanned.url } });
      expect(printed).toMatch(/\n {2}unsafe +the Hub's scanner \(no verdict\): os\.system \(dangerous\)\n/);
    } finally {
      await scanned.close();
    }
  });

  it("says what is not there, what is not given, and what is no address", async () => {
    expect(await census(["scan", "hf://larkspur/nothing"], at())).toEqual({
      ending: "usage",
      printed: "",
      reported: "error: hf://larkspur/nothing: no such model, or a private one: no valid token was sent (HTTP 401 RepoNotFound)\n",
    });
    expect(await census(["scan", "hf://"], at())).toMatchObject({
      ending: "usage",
      reported: expect.stringContaining("is not of the form hf://"),
    });
    const gated = await censusJson<ScanJson>(["scan", "hf://meridian-health/clinical-ner"], at());
    expect(gated.value.files[0]!.verdicts[0]).toMatchObject({
      verdict: "unavailable",
      message: "gated: set HF_TOKEN of an account with access (HTTP 401 GatedRepo)",
    });
    expect(gated.ending).toBe("undecided");
  });

  it("ends with the network where no Hub answers", async () => {
    const network = {
      fetch: () => Promise.reject(new TypeError("fetch failed")),
      addressesOf: async () => ["127.0.0.1"],
      monotonic: () => 0,
      sleep: async () => undefined,
      random: () => 0,
    };
    const { ending, reported } = await census(["scan", "hf://larkspur/encoder-small-sentiment"], { ...at(), network });
    expect(ending).toBe("network");
    expect(reported).toContain("fetch failed");
  });
});
