/**
 * Objects of real libraries, saved in every way that fits them, and what becomes of each file: by our verdict, by torch's
 * own weights-only unpickler, and by a loader of ours that really loads it with CPython, torch and joblib.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memorySource } from "../../analyzer/bytes/memory-source.ts";
import type { Trace } from "../../analyzer/containers/trace.ts";
import { traceFile } from "../../analyzer/containers/trace-file.ts";
import type { CallFact, ImportFact } from "../../analyzer/pickle/facts.ts";
import type { Policy, PolicyEntry } from "../../analyzer/policy/policy.ts";
import { WEIGHTS_ONLY } from "../../analyzer/policy/weights-only.ts";
import { judgeTrace } from "../../analyzer/verdict/judge.ts";
import type { Verdict } from "../../analyzer/verdict/verdict.ts";
import { oneByOne } from "../one-by-one.ts";
import { temporaryFolder } from "../scripts/run-census.ts";
import { DEBIAN_PYTHON, hasLibraries, howOf, type Loaded, SafeLoader } from "./loader.ts";

interface SavedObject {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
}

interface SavedFile {
  readonly file: string;
  /** A protocol, `joblib` or `torch`. */
  readonly route: string;
  readonly trace: Trace;
}

const folder = temporaryFolder();
let objects: readonly { readonly name: string; readonly files: readonly SavedFile[] }[] = [];

beforeAll(async () => {
  if (!hasLibraries()) return;
  const script = path.join(import.meta.dirname, "library_objects.py");
  const { stdout, status, stderr } = spawnSync(DEBIAN_PYTHON, [script, folder], { encoding: "utf8", maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(stderr);
  objects = await oneByOne(JSON.parse(stdout) as SavedObject[], async ({ name, files }) => ({ name, files: await traced(files) }));
}, 180_000);

function traced(files: SavedObject["files"]): Promise<SavedFile[]> {
  return oneByOne(Object.entries(files), async ([route, name]) => {
    const file = path.join(folder, name);
    return { file, route, trace: (await traceFile(memorySource(readFileSync(file)))).trace };
  });
}

/** What torch's unpickler says of each file: null where it loads. A pickle that torch.save did not write goes to it directly. */
const WEIGHTS_ONLY_PROGRAM = `
import json, sys, torch
from torch import _weights_only_unpickler
def says(file):
    try:
        if file.endswith((".torch", ".torch-legacy")): torch.load(file, weights_only=True)
        else: _weights_only_unpickler.load(open(file, "rb"))
    except Exception as error: return str(error)
print(json.dumps({"torch": torch.__version__, "answers": [says(file) for file in json.load(sys.stdin)]}))`;

describe.skipIf(!hasLibraries())("objects of real libraries", () => {
  it("load weights-only in the installed torch where we say so, and are refused for the reason we give", () => {
    const files = objects.flatMap((object) => object.files);
    const { stdout, stderr } = spawnSync(DEBIAN_PYTHON, ["-W", "ignore", "-c", WEIGHTS_ONLY_PROGRAM], {
      input: JSON.stringify(files.map(({ file }) => file)),
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
    if (stdout === "") throw new Error(stderr);
    const { torch, answers } = JSON.parse(stdout) as { torch: string; answers: (string | null)[] };
    const policy = WEIGHTS_ONLY.find(({ name }) => name === `weights-only@torch-${/^\d+\.\d+/.exec(torch)![0]}`)!;
    const disagreements = files.flatMap(({ file, trace }, index) => {
      const { verdict, blocked } = judgeTrace(trace, policy, "strict");
      const theirs = answers[index]!;
      const agree = theirs === null ? verdict === "loads" : verdict === "blocked" && theirs.endsWith(blocked[0]!.reason);
      return agree ? [] : [`${path.basename(file)}: torch: ${theirs ?? "loads"}; we: ${verdict}: ${blocked[0]?.reason}`];
    });
    expect(disagreements).toEqual([]);
    expect(answers.filter((answer) => answer !== null).length).toBeGreaterThan(1000);
  });

  it("load under what they were seen to do, and are refused without the first name of it, as the verdict says", {
    timeout: 240_000,
  }, async () => {
    const loader = new SafeLoader(DEBIAN_PYTHON);
    afterAll(() => loader.close());
    const disagreements: string[] = [];
    let loaded = 0;
    let refused = 0;
    for (const { name, files } of objects) {
      const policy = observed(name, files);
      const safeLoad = loader.writeLoader(policy);
      for (const { file, route, trace } of files) {
        const how = howOf(route);
        const { verdict, blocked } = judgeTrace(trace, policy, "strict");
        const answer = await loader.load({ loader: safeLoad, how, file });
        if (verdict !== "loads" || answer.outcome !== "loads") {
          // An object may hold what no policy allows.
          if (verdict === "loads" || !isSame(answer, blocked[0]))
            disagreements.push(`${path.basename(file)}: ${verdict}, ${JSON.stringify(answer)}`);
          continue;
        }
        loaded++;
        for (const list of ["imports", "calls"] as const) {
          const [first] = factsOf([trace], list === "imports" ? "import" : "call");
          if (first === undefined) continue;
          const without = { ...policy, [list]: policy[list].filter(({ callable }) => callable !== first.callable) };
          const [stopped] = judgeTrace(trace, without, "strict").blocked.toSorted((left, right) => left.offset - right.offset);
          const stoppedFor = await loader.load({ loader: safeLoad, how, file, without: { [list]: [[first.module, first.name]] } });
          refused++;
          if (!isSame(stoppedFor, stopped))
            disagreements.push(`${path.basename(file)} without ${first.callable}: ${stopped?.reason}, ${JSON.stringify(stoppedFor)}`);
        }
      }
    }
    expect(disagreements).toEqual([]);
    expect(loaded).toBeGreaterThan(1000);
    expect(refused).toBeGreaterThan(2000);
  });
});

/** Whether the loader stopped where the verdict says, for the reason it gives. */
function isSame(answer: Loaded, blocked: Verdict["blocked"][number] | undefined): boolean {
  if (answer.outcome !== "blocked" || blocked === undefined) return false;
  // The loader sees of what class an object is; the verdict, by what it was made.
  const isSameName = answer.blocked.callable === blocked.callable || blocked.callable === "copyreg._reconstructor";
  return isSameName && (["opcode", "offset", "reason"] as const).every((key) => answer.blocked[key] === blocked[key]);
}

/** The policy of what the files of an object were seen to do. */
function observed(name: string, files: readonly SavedFile[]): Policy {
  const traces = files.map(({ trace }) => trace);
  return { name: `observed:${name}`, class: null, library: null, imports: entries(traces, "import"), calls: entries(traces, "call") };
}

function entries(traces: readonly Trace[], kind: "import" | "call"): PolicyEntry[] {
  const found = new Map(factsOf(traces, kind).map(({ callable, module }) => [callable, { callable, module, reasons: [] }] as const));
  return [...found.values()];
}

/** Lookups, or calls of what was looked up. */
function factsOf(traces: readonly Trace[], kind: "import" | "call"): (ImportFact | CallFact)[] {
  return traces
    .flatMap(({ pickles }) => pickles.flatMap(({ facts }) => facts))
    .filter((fact): fact is ImportFact | CallFact => fact.kind === kind && !("method" in fact));
}
