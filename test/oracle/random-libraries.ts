/**
 * Small libraries put together from the pieces in `test/fixtures/libraries`: what CPython saves of each, and what the class policy that is
 * inferred from its source says of that. Boundary: `random_libraries.py` writes and runs them.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { memorySource } from "../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../analyzer/containers/trace-file.ts";
import { openPolicy } from "../../analyzer/policy/inference/fill.ts";
import { openLibrary } from "../../analyzer/policy/inference/infer.ts";
import type { PythonParser } from "../../analyzer/python/parser.ts";
import { judgeTracedFile } from "../../analyzer/verdict/judge.ts";
import { sourceTree } from "../analyzer/policy/source.ts";
import { PYTHON } from "./cpython.ts";
import { hasLibraries } from "./loader.ts";

const installed = (name: string) => sourceTree(`/usr/lib/python3/dist-packages/${name}`, name);
const TORCH = installed("torch");
const SKLEARN = ["sklearn", "scipy", "pandas", "joblib"].map(installed);
const PIECES = fileURLToPath(new URL("../fixtures/libraries/", import.meta.url));

/** One attribute of the object: by the names of pieces. */
export interface Part {
  readonly value: string;
  readonly wrapping: string;
  readonly way: string;
  readonly import: string;
}

/** A value that the user of the object hands it. */
export interface Given extends Omit<Part, "way"> {
  readonly slot: string;
}

/** Something that is near the object and not in it. */
export interface Decoy {
  readonly decoy: string;
}

/** An attribute of an object that is a `torch.nn.Module`. */
export interface Layer {
  readonly layer: string;
}

/** An attribute that scikit-learn, scipy, pandas or numpy makes. */
export interface Estimator {
  readonly estimator: string;
}

/** The plainest of each kind of piece; what is tried alone is tried with these. */
export const PLAIN: Part = { value: "plain", wrapping: "none", way: "direct", import: "from" };

/** The names of all pieces, by kind. */
export const KINDS: Readonly<Record<keyof Part, readonly string[]>> = {
  value: pythonFiles("values"),
  wrapping: ["none", ...Object.keys(JSON.parse(readFileSync(path.join(PIECES, "wrappings.json"), "utf8")))],
  way: pythonFiles("ways"),
  import: pythonFiles("imports"),
};

export const DECOYS: readonly string[] = pythonFiles("decoys");
export const SLOTS: readonly string[] = pythonFiles("slots");
/** None where torch is not there. */
export const LAYERS: readonly string[] = hasLibraries() ? pythonFiles("layers") : [];
export const ESTIMATORS: readonly string[] = hasLibraries() ? pythonFiles("estimators") : [];

function pythonFiles(folder: string): string[] {
  return readdirSync(path.join(PIECES, folder)).map((file) => path.basename(file, ".py"));
}

/** What became of a library: null where every file loads and nothing is allowed that the object cannot hold. */
export interface Answer {
  /** Why CPython has no such object: pieces that do not go together. */
  readonly impossible: string | null;
  readonly fault: string | null;
}

/** Whether a part is what a user hands over. */
function isGiven(part: Part | Given | Decoy | Layer | Estimator): boolean {
  return "slot" in part || ("layer" in part && part.layer.startsWith("given_"));
}

/** Writes, runs and judges libraries, each of some parts. */
export async function tryLibraries(
  parser: PythonParser,
  libraries: readonly (readonly (Part | Given | Decoy | Layer | Estimator)[])[],
): Promise<Answer[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "random-libraries-"));
  try {
    const script = fileURLToPath(new URL("random_libraries.py", import.meta.url));
    const input = libraries.map((parts, index) => JSON.stringify({ library: `library${index}`, parts })).join("\n");
    const { stdout, stderr, status } = spawnSync(PYTHON, [script, folder], { input, encoding: "utf8", maxBuffer: 2 ** 28 });
    if (status !== 0) throw new Error(`random_libraries.py failed: ${stderr}`);
    const given = new Set(libraries.flatMap((parts, index) => (parts.some(isGiven) ? [`library${index}`] : [])));
    const answers: Answer[] = [];
    for (const line of stdout.trim().split("\n")) {
      const { library, files, error } = JSON.parse(line) as { library: string; files?: string[]; error?: string };
      if (files === undefined) answers.push({ impossible: error ?? "", fault: null });
      else answers.push({ impossible: null, fault: await faultOf(parser, path.join(folder, library), files, given.has(library)) });
    }
    return answers;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `isGiven`: judged under `class+open`, as what the user handed over is not the class's own. */
async function faultOf(parser: PythonParser, folder: string, files: readonly string[], isGiven: boolean): Promise<string | null> {
  const name = path.basename(folder);
  const class_ = `${name}.core.Root`;
  const dependency = `${folder}_dependency`;
  const dependencies = existsSync(dependency) ? [sourceTree(dependency, path.basename(dependency))] : [];
  if (files.some((file) => file.endsWith(".pt"))) dependencies.push(TORCH);
  if (files.some((file) => file.endsWith(".joblib"))) dependencies.push(...SKLEARN);
  const library = openLibrary({ parser, library: sourceTree(folder, name), dependencies, class: class_ });
  const inferred = library.infer(class_);
  if (!inferred.ok) return inferred.error.message;
  const { policy } = inferred.value;
  const decoy = policy.imports.find((entry) => entry.callable.includes("Decoy"));
  if (decoy) return `${decoy.callable} is allowed: ${decoy.reasons.map(({ text }) => text).join(", ")}`;
  for (const file of files) {
    const traced = await traceFile(memorySource(readFileSync(file)));
    const named = traced.trace.pickles.flatMap(({ facts }) => facts.flatMap((fact) => (fact.kind === "import" ? [fact.callable] : [])));
    const asked = isGiven ? openPolicy(policy, named, library.candidate) : policy;
    const { verdict, blocked, message } = judgeTracedFile(traced, asked, "strict");
    if (verdict === "loads") continue;
    const [first] = blocked;
    const [, way] = /\.(\w+)\.\w+$/.exec(file) ?? [];
    return `${way}: ${first ? `${first.callable}: ${first.reason}` : `${verdict}: ${message}`}`;
  }
  return null;
}
