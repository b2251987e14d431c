/**
 * Our verdict under weights-only against the unpickler of an installed torch: programs that we generate, of names that
 * torch looks up in its own table, judged by both. `CENSUS_TORCH_PYTHON` names another Python, with another torch.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { memorySource } from "../../analyzer/bytes/memory-source.ts";
import type { Trace } from "../../analyzer/containers/trace.ts";
import { traceFile } from "../../analyzer/containers/trace-file.ts";
import { assemble } from "../../analyzer/pickle/assembler.ts";
import { runPickle } from "../../analyzer/pickle/execution.ts";
import { WEIGHTS_ONLY, type WeightsOnlyPolicy } from "../../analyzer/policy/weights-only.ts";
import { judgeTrace } from "../../analyzer/verdict/judge.ts";
import type { Verdict } from "../../analyzer/verdict/verdict.ts";

const PYTHON = process.env.CENSUS_TORCH_PYTHON ?? "/usr/bin/python3";
const PROGRAMS = Number(process.env.CENSUS_PROGRAMS ?? 3000);

/** Of torch's table, of neither, and spelt as Python 2 had it. */
const NAMES = [
  ...[
    "collections OrderedDict",
    "collections Counter",
    "torch Size",
    "torch Tensor",
    "torch device",
    "torch float32",
    "torch FloatStorage",
  ],
  ...[
    "torch FloatTensor",
    "torch.nn.parameter Parameter",
    "torch.serialization _get_layout",
    "torch._utils _rebuild_parameter",
    "builtins set",
  ],
  ...[
    "_codecs encode",
    "torch.storage UntypedStorage",
    "torch per_tensor_affine",
    "__builtin__ set",
    "__builtin__ bytearray",
    "builtins bytearray",
  ],
  ...["nobody nothing", "os system", "posix system", "sys modules", "builtins eval", "torch load", "numpy.core.multiarray scalar"],
];

const line = fc.constantFrom;
const { value } = fc.letrec<{ value: string; arguments: string }>((tie) => ({
  arguments: fc.oneof(
    { weight: 4, arbitrary: fc.constant("EMPTY_TUPLE") },
    { weight: 1, arbitrary: tie("value").map((item) => `${item}\nTUPLE1`) },
    { weight: 1, arbitrary: fc.tuple(tie("value"), tie("value")).map((items) => `${items.join("\n")}\nTUPLE2`) },
  ),
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    line(
      "NONE",
      "NEWTRUE",
      "BININT1 3",
      'BINUNICODE "torch.strided"',
      'BINUNICODE "cpu"',
      "EMPTY_LIST",
      "EMPTY_DICT",
      "EMPTY_SET",
      "EMPTY_TUPLE",
      "BINFLOAT 1.5",
    ),
    fc.constantFrom(...NAMES).map((name) => `GLOBAL "${name}"`),
    fc
      .tuple(fc.constantFrom(...NAMES), tie("arguments"), line("REDUCE", "NEWOBJ"))
      .map(([name, given, call]) => `GLOBAL "${name}"\n${given}\n${call}`),
    fc.tuple(tie("value"), tie("value")).map(([object, state]) => `${object}\n${state}\nBUILD`),
    fc
      .tuple(line("EMPTY_DICT", 'GLOBAL "collections OrderedDict"\nEMPTY_TUPLE\nREDUCE'), tie("value"))
      .map(([dict, state]) => `${dict}\nBINUNICODE "k"\n${state}\nSETITEM`),
    fc.tuple(tie("value"), tie("value")).map(([object, item]) => `${object}\nMARK\nBINUNICODE "k"\n${item}\nSETITEMS`),
    fc
      .tuple(tie("value"), tie("value"), line("APPEND", "many"))
      .map(([object, item, how]) => (how === "APPEND" ? `${object}\n${item}\nAPPEND` : `${object}\nMARK\n${item}\n${item}\nAPPENDS`)),
    fc
      .tuple(line("storage", "module"), tie("value"))
      .map(([tag, type]) => `MARK\nBINUNICODE "${tag}"\n${type}\nBINUNICODE "0"\nBINUNICODE "cpu"\nBININT1 1\nTUPLE\nBINPERSID`),
    fc.constant('MARK\nBINUNICODE "storage"\nGLOBAL "torch FloatStorage"\nBINUNICODE "0"\nBINUNICODE "cpu"\nBININT1 1\nTUPLE\nBINPERSID'),
    tie("value").map((object) => `${object}\nBINPUT 7\nBINGET 7\nTUPLE2`),
    line(
      'SHORT_BINUNICODE "x"',
      'BINBYTES "x"',
      "EMPTY_LIST\nMEMOIZE",
      "NONE\nDUP\nPOP",
      'INT "5"',
      "LONG1 70000",
      'UNICODE "x"',
      'SHORT_BINSTRING "x"',
    ),
  ),
}));

interface Case {
  readonly listing: string;
  readonly bytes: Uint8Array;
}

interface Answer {
  readonly ok?: true;
  readonly error?: string;
  readonly text?: string;
}

function told({ listing, answer, verdict }: Case & { answer: Answer; verdict: Verdict }): string {
  return `${listing}torch: ${answer.text ?? "loads"}\nwe: ${verdict.verdict}: ${verdict.blocked.map(({ reason }) => reason).join("; ")}`;
}

/** Item writes that torch does not look at before 2.10, storages whose type is another storage, a BUILD on a storage or on a bare set. */
const STRICTER = /CVE-2026-24747|that torch.save does not write|persistent_load|that no callable made/;

/** Texts by which the unpickler itself refuses, whatever stands in their holes; anything else is a program's own mistake. */
function refusals({ unpickler }: WeightsOnlyPolicy): RegExp[] {
  const texts = [...Object.values(unpickler.messages), ...unpickler.hints.values()];
  return texts.map(
    (text) =>
      new RegExp(
        `^${text
          .split(/\{[^}]*\}/)
          .map(literally)
          .join(".*")}$`,
        "s",
      ),
  );
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function judge(bytes: Uint8Array, policy: WeightsOnlyPolicy): Verdict {
  const facts = runPickle(bytes, { encoding: "utf-8" });
  const trace: Trace = {
    size: bytes.length,
    container: "torch-zip",
    outcome: facts.outcome,
    findings: [],
    pickles: [{ ...facts, entry: "archive/data.pkl", loader: "torch" }],
  };
  return judgeTrace(trace, policy, "strict");
}

const MODELS = path.join(import.meta.dirname, "../fixtures/models");

describe("torch.load of an installed torch, weights only", () => {
  it("loads the sample models that we say load, and no other", async () => {
    const torchFiles: { file: string; trace: Trace }[] = [];
    for (const name of readdirSync(MODELS, { recursive: true, encoding: "utf8" })) {
      const file = path.join(MODELS, name);
      if (!statSync(file).isFile()) continue;
      const { trace } = await traceFile(memorySource(readFileSync(file)));
      if (["torch-zip", "torch-legacy"].includes(trace.container)) torchFiles.push({ file, trace });
    }
    const program = `
import json, sys, torch
def loads(file):
    try: torch.load(file, weights_only=True); return None
    except Exception as error: return str(error)
print(json.dumps({"torch": torch.__version__, "answers": [loads(file) for file in json.load(sys.stdin)]}))`;
    const { stdout } = spawnSync(PYTHON, ["-W", "ignore", "-c", program], {
      input: JSON.stringify(torchFiles.map(({ file }) => file)),
      encoding: "utf8",
    });
    const { torch, answers } = JSON.parse(stdout) as { torch: string; answers: (string | null)[] };
    const policy = releaseOf(torch);
    const theirs = torchFiles.map(({ file }, index) => `${path.relative(MODELS, file)}: ${answers[index] === null ? "loads" : "blocked"}`);
    const ours = torchFiles.map(({ file, trace }) => `${path.relative(MODELS, file)}: ${judgeTrace(trace, policy, "strict").verdict}`);
    expect(ours).toEqual(theirs);
    expect(new Set(ours.map((line) => line.split(": ")[1]))).toEqual(new Set(["loads", "blocked"]));
    // Torch says its reason behind a paragraph of its own.
    for (const [index, { trace }] of torchFiles.entries()) {
      const first = judgeTrace(trace, policy, "strict").blocked[0];
      if (first !== undefined && first.opcode === "GLOBAL") expect(answers[index]).toContain(first.reason);
    }
  });
});

function releaseOf(torch: string): WeightsOnlyPolicy {
  const policy = WEIGHTS_ONLY.find(({ name }) => name === `weights-only@torch-${/^\d+\.\d+/.exec(torch)![0]}`);
  if (policy === undefined) throw new Error(`torch ${torch} was not extracted`);
  return policy;
}

describe("the weights-only unpickler of an installed torch", () => {
  let policy: WeightsOnlyPolicy;
  let cases: (Case & { answer: Answer; verdict: Verdict })[];

  beforeAll(() => {
    const generated = fc.sample(value, { numRuns: PROGRAMS, seed: Number(process.env.CENSUS_SEED ?? 20261120) }).map((listing): Case => {
      const whole = `PROTO 2\n${listing}\nSTOP\n`;
      const program = assemble(whole);
      if (!program.ok) throw new Error(`${program.error.message} in line ${program.error.line} of\n${whole}`);
      return { listing: whole, bytes: program.value };
    });
    const script = path.join(import.meta.dirname, "weights_only.py");
    const input = JSON.stringify(generated.map(({ bytes }) => Buffer.from(bytes).toString("hex")));
    const { stdout, stderr, status } = spawnSync(PYTHON, [script], { input, encoding: "utf8", maxBuffer: 2 ** 28 });
    if (status !== 0) throw new Error(stderr);
    const { torch, answers } = JSON.parse(stdout) as { torch: string; answers: Answer[] };
    policy = releaseOf(torch);
    cases = generated.map((each, index) => ({ ...each, answer: answers[index]!, verdict: judge(each.bytes, policy) }));
  });

  it("loads nothing that we block, but for what we do not let pass", () => {
    const disagreements = cases.filter(
      ({ answer, verdict }) => answer.ok && verdict.verdict === "blocked" && !verdict.blocked.every(({ reason }) => STRICTER.test(reason)),
    );
    expect(disagreements.slice(0, 3).map(told)).toEqual([]);
    expect(cases.filter(({ answer }) => answer.ok).length).toBeGreaterThan(cases.length / 20);
  });

  it("refuses nothing that we let load", () => {
    const own = refusals(policy);
    const disagreements = cases.filter(
      ({ answer, verdict }) => verdict.verdict === "loads" && own.some((text) => text.test(answer.text ?? "")),
    );
    expect(disagreements.slice(0, 3).map(told)).toEqual([]);
  });

  it("gives the reason that we give first", () => {
    const own = refusals(policy);
    let compared = 0;
    for (const { listing, answer, verdict } of cases) {
      const template = own.find((text) => text.test(answer.text ?? ""));
      // A write into a str or a None fails in every unpickler: it is malformed here, and has no reason of torch's.
      if (template === undefined || verdict.verdict === "malformed" || STRICTER.test(verdict.blocked[0]?.reason ?? "")) continue;
      compared++;
      expect(verdict.blocked[0]?.reason ?? verdict.verdict, `${answer.text}\n${listing}`).toMatch(template);
      if (/GLOBAL|operand|Unsupported/.test(answer.text!)) expect(verdict.blocked[0]?.reason).toBe(answer.text);
    }
    expect(compared).toBeGreaterThan(cases.length / 4);
  });
});
