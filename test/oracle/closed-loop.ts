/**
 * Objects of real libraries, saved by `library_objects.py`, and what becomes of each: the policy of its class, inferred
 * from the installed source, and the verdicts on every file that holds it. Nothing is loaded.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { memorySource } from "../../analyzer/bytes/memory-source.ts";
import type { TracedFile } from "../../analyzer/containers/trace.ts";
import { traceFile } from "../../analyzer/containers/trace-file.ts";
import { openPolicy } from "../../analyzer/policy/inference/fill.ts";
import { type OpenLibrary, openLibrary } from "../../analyzer/policy/inference/infer.ts";
import type { Policy } from "../../analyzer/policy/policy.ts";
import type { PythonParser } from "../../analyzer/python/parser.ts";
import { judgeTrace, judgeTracedFile } from "../../analyzer/verdict/judge.ts";
import { sourceTree } from "../analyzer/policy/source.ts";
import { oneByOne } from "../one-by-one.ts";
import { INTRUDERS, NAMES } from "./intruders.ts";
import { DEBIAN_PYTHON } from "./loader.ts";

const INSTALLED = "/usr/lib/python3/dist-packages";

/** The libraries, with those whose source is given as their dependencies. */
const DEPENDENCIES: Readonly<Record<string, readonly string[]>> = {
  gensim: ["numpy", "scipy"],
  joblib: ["numpy"],
  networkx: ["numpy"],
  nltk: ["numpy"],
  numpy: [],
  pandas: ["numpy"],
  scipy: ["numpy"],
  sklearn: ["numpy", "scipy", "joblib"],
  statsmodels: ["numpy", "scipy", "pandas", "patsy"],
  torch: ["numpy"],
  xgboost: ["sklearn", "numpy", "scipy", "pandas"],
};

/** Whether the libraries are there; says so where they are not. */
export function hasSources(): boolean {
  const missing = Object.keys(DEPENDENCIES).filter((name) => !existsSync(path.join(INSTALLED, name)));
  if (missing.length > 0) console.warn(`no ${missing.join(", ")} in ${INSTALLED}: the closed loop with real libraries is not tested`);
  return missing.length === 0;
}

/** An object as `library_objects.py` tells of it: where it is saved, by route. */
export interface SavedObject {
  readonly name: string;
  readonly library: string;
  readonly class: string;
  readonly files: Readonly<Record<string, string>>;
}

/** Makes the objects with Debian's Python. `folder` holds their files until `remove`. */
export function saveObjects(): { readonly objects: readonly SavedObject[]; readonly folder: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), "closed-loop-"));
  const script = fileURLToPath(new URL("library_objects.py", import.meta.url));
  const { stdout, stderr, status } = spawnSync(DEBIAN_PYTHON, [script, folder], { encoding: "utf8", maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`library_objects.py failed: ${stderr}`);
  return { objects: JSON.parse(stdout), folder, remove: () => rmSync(folder, { recursive: true }) };
}

/** The installed libraries, each opened once. */
export class Libraries {
  private readonly trees = new Map<string, ReturnType<typeof sourceTree>>();
  private readonly open = new Map<string, OpenLibrary>();

  constructor(private readonly parser: PythonParser) {}

  of(name: string): OpenLibrary {
    const known = this.open.get(name) ?? this.openAnew(name);
    this.open.set(name, known);
    return known;
  }

  /** The same with nothing of it parsed. The intruders are in every one. */
  openAnew(name: string): OpenLibrary {
    const dependencies = [...DEPENDENCIES[name]!.map((each) => this.tree(each)), INTRUDERS];
    return openLibrary({ parser: this.parser, library: this.tree(name), dependencies, class: `${name}.` });
  }

  private tree(name: string) {
    const known = this.trees.get(name) ?? sourceTree(path.join(INSTALLED, name), name);
    this.trees.set(name, known);
    return known;
  }
}

/** What becomes of one object. */
export interface Outcome {
  readonly object: SavedObject;
  readonly policy: Policy;
  /** The same with its slots open to what the files name, and to the intruders. */
  readonly open: Policy;
  readonly files: readonly { readonly route: string; readonly traced: TracedFile }[];
  /** The callables that the files look up and call. */
  readonly observed: { readonly imports: ReadonlySet<string>; readonly calls: ReadonlySet<string> };
  /** What is first blocked under each policy, by any route; null where all load. */
  readonly alone: string | null;
  readonly opened: string | null;
}

/** Infers and judges one object. */
export async function closeLoop(library: OpenLibrary, object: SavedObject, folder: string): Promise<Outcome> {
  const inferred = library.infer(object.class);
  if (!inferred.ok) throw new Error(inferred.error.message);
  const { policy } = inferred.value;
  const files = await oneByOne(Object.entries(object.files), async ([route, file]) => ({
    route,
    traced: await traceFile(memorySource(readFileSync(path.join(folder, file)))),
  }));
  const facts = files.flatMap(({ traced }) => traced.trace.pickles.flatMap((pickle) => pickle.facts));
  const named = (kind: "import" | "call") => new Set(facts.flatMap((fact) => (fact.kind === kind ? [fact.callable] : [])));
  const observed = { imports: named("import"), calls: named("call") };
  const alone = firstBlocked(files.map(({ traced }) => judgeTrace(traced.trace, policy, "strict")));
  // What loads anyway needs nothing to fill its slots; the intruders want to.
  const open = openPolicy(policy, alone === null ? NAMES : [...observed.imports, ...NAMES], library.candidate);
  return {
    object,
    policy,
    open,
    files,
    observed,
    alone,
    opened: firstBlocked(files.map(({ traced }) => judgeTracedFile(traced, open, "strict"))),
  };
}

function firstBlocked(verdicts: readonly ReturnType<typeof judgeTrace>[]): string | null {
  const found = verdicts.find(({ verdict }) => verdict !== "loads");
  if (found === undefined) return null;
  const [first] = found.blocked;
  return first === undefined ? `${found.verdict}: ${found.message}` : `${first.callable}: ${first.reason}`;
}
