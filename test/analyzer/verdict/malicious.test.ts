/**
 * Files that attack, judged: the listings of `test/fixtures/malicious/`, and where it is present the labelled corpus of
 * public samples. None may load, under torch's own rules or under the class policies of what they disguise as.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import type { Trace } from "../../../analyzer/containers/trace.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import type { Policy } from "../../../analyzer/policy/policy.ts";
import { DEFAULT_WEIGHTS_ONLY, WEIGHTS_ONLY } from "../../../analyzer/policy/weights-only.ts";
import { judgeTrace } from "../../../analyzer/verdict/judge.ts";
import type { Mode, Verdict } from "../../../analyzer/verdict/verdict.ts";
import { maliciousFiles } from "../../fixtures/malicious.ts";
import { oneByOne } from "../../one-by-one.ts";
import { corpusTable, firstBlocked } from "./corpus-table.ts";
import { policy } from "./traces.ts";

/** What a policy of a class that pickles by every usual way allows: the gadgets of scanners.md 2, row 15, are among it. */
const GENEROUS = policy(
  [
    ...[
      "builtins:getattr",
      "functools:partial",
      "copyreg:_reconstructor",
      "builtins:object",
      "collections:OrderedDict",
      "collections:defaultdict",
    ],
    ...["torch._tensor:_rebuild_from_type_v2", "torch._utils:_rebuild_tensor_v2", "torch:FloatStorage", "numpy:dtype", "numpy:ndarray"],
    ...["numpy.core.multiarray:_reconstruct", "_codecs:encode", "builtins:set", "builtins:map", "pathlib:PosixPath", "numpy:prod"],
    ...["brine.models.sequence_tagger:SequenceTagger", "io:BytesIO", "_io:BytesIO"],
  ],
  [
    ...[
      "builtins:getattr",
      "functools:partial",
      "copyreg:_reconstructor",
      "collections:OrderedDict",
      "collections:defaultdict",
      "builtins:map",
    ],
    ...["torch._tensor:_rebuild_from_type_v2", "torch._utils:_rebuild_tensor_v2", "numpy:dtype", "numpy.core.multiarray:_reconstruct"],
    ...["_codecs:encode", "builtins:set", "brine.models.sequence_tagger:SequenceTagger"],
  ],
);

const POLICIES: readonly Policy[] = [...WEIGHTS_ONLY, policy([]), GENEROUS];

function verdicts(trace: Trace): Verdict[] {
  return POLICIES.flatMap((by) => (["strict", "lazy"] as readonly Mode[]).map((mode) => judgeTrace(trace, by, mode)));
}

describe("malicious listings", () => {
  it.each(maliciousFiles().map((file) => [file.name, file] as const))(
    "%s is blocked by the payload, under every policy",
    async (_, file) => {
      const { trace } = await traceFile(memorySource(file.bytes));
      for (const verdict of verdicts(trace))
        expect(`${verdict.policy} ${verdict.mode}: ${verdict.verdict}`).toBe(`${verdict.policy} ${verdict.mode}: blocked`);
      const strict = judgeTrace(trace, policy([]), "strict");
      const named = strict.blocked.map(({ callable }) => callable);
      expect(named).toEqual(expect.arrayContaining([...file.imports, ...file.calls]));
    },
  );
});

const CORPUS = path.resolve(import.meta.dirname, "../../../../shared/data/corpus");
const present = existsSync(CORPUS);
if (!present) console.warn(`the labelled corpus is not at ${path.relative(process.cwd(), CORPUS)}: its verdicts are not tested`);

describe.skipIf(!present)("the labelled corpus", () => {
  interface Sample {
    readonly path: string;
    readonly expected: string;
    readonly trace: Trace;
  }
  let samples: Sample[];

  beforeAll(async () => {
    const rows = readFileSync(path.join(CORPUS, "manifest.tsv"), "utf8").trimEnd().split("\n").slice(1);
    samples = await oneByOne(rows, async (row) => {
      const [file, , , , expected] = row.split("\t") as [string, string, string, string, string];
      const { trace } = await traceFile(memorySource(readFileSync(path.join(CORPUS, file))));
      return { path: file, expected, trace };
    });
  }, 600_000);

  it("lets no malicious file load under weights-only", () => {
    const loading = samples
      .filter(isMalicious)
      .flatMap(({ path: file, trace }) =>
        WEIGHTS_ONLY.filter((by) => judgeTrace(trace, by, "strict").verdict === "loads").map((by) => `${file}: ${by.name}`),
      );
    expect(loading).toEqual([]);
  });

  it("lets no malicious file load under any class policy", () => {
    const loading = (mode: Mode) =>
      samples
        .filter(isMalicious)
        .flatMap(({ path: file, trace }) =>
          [policy([]), GENEROUS].filter((by) => judgeTrace(trace, by, mode).verdict === "loads").map((by) => `${file}: ${by.name}`),
        );
    expect(loading("strict")).toEqual([]);
    // It looks posix.system up and does nothing with it: lazily, as PickleBall loads, that is a stub.
    expect(loading("lazy").every((line) => line.includes("posix_alias_attack.pkl"))).toBe(true);
  });

  it("blocks every malicious file that holds a pickle, under any policy", () => {
    const passing = samples
      .filter((sample) => isMalicious(sample) && sample.trace.pickles.length > 0)
      .filter(({ trace }) => [...WEIGHTS_ONLY, policy([]), GENEROUS].some((by) => judgeTrace(trace, by, "strict").verdict !== "blocked"));
    expect(passing.map(({ path: file }) => file)).toEqual([]);
  });

  it("finds a pickle that nothing loads in no benign file", () => {
    const found = samples.filter(({ trace }) => trace.findings.some(({ kind }) => kind === "embedded-pickle"));
    expect(found.filter(({ expected }) => expected === "benign").map(({ path: file }) => file)).toEqual([]);
    expect(found.filter(isMalicious).length).toBe(4);
  });

  it("blocks every malicious file, or says what else it is", () => {
    const otherwise = samples
      .filter(isMalicious)
      .map(({ path: file, trace }) => ({ file, trace, verdict: judgeTrace(trace, DEFAULT_WEIGHTS_ONLY, "strict") }))
      .filter(({ verdict }) => verdict.verdict !== "blocked");
    console.log(
      otherwise.map(({ file, trace, verdict }) => `${file}: ${trace.container}, ${verdict.verdict}: ${verdict.message}`).join("\n"),
    );
    for (const { file, verdict } of otherwise) expect(verdict.message, file).toBeTruthy();
  });

  it("comes to the table of docs/judging.md", () => {
    const document = readFileSync("docs/judging.md", "utf8");
    expect(document).toContain(corpusTable(samples, [{ ...GENEROUS, name: "generous" }]));
    const names = firstBlocked(samples, DEFAULT_WEIGHTS_ONLY).slice(0, 10);
    expect(document).toContain(names.map(([name, count]) => `| \`${name}\` | ${count} |`).join("\n"));
  });

  it("blocks no benign state dict under weights-only", () => {
    const STATE_DICT = /^(collections\.OrderedDict|torch\._utils\._rebuild_(tensor_v2|parameter)|torch\.\w+Storage)$/;
    const stateDicts = samples.filter(
      ({ expected, trace }) =>
        expected === "benign" &&
        ["torch-zip", "torch-legacy"].includes(trace.container) &&
        // torch.save writes protocol 2; one sample was made by hand in protocol 4, which torch itself refuses.
        trace.pickles.every(({ protocol }) => protocol === 2) &&
        trace.pickles.every(({ facts }) => facts.every((fact) => !("callable" in fact) || STATE_DICT.test(fact.callable))),
    );
    expect(stateDicts.length).toBeGreaterThan(5);
    const judged = stateDicts.map(({ path: file, trace }) => ({ file, verdict: judgeTrace(trace, DEFAULT_WEIGHTS_ONLY, "strict") }));
    expect(judged.filter(({ verdict }) => verdict.verdict !== "loads")).toEqual([]);
  });
});

function isMalicious({ expected }: { readonly expected: string }): boolean {
  return expected === "malicious";
}
