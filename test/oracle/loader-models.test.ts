/**
 * The loader on the sample models, for real: CPython, torch, joblib, scikit-learn, and brine itself. A model loads under
 * the policy of what CPython recorded of it, and is refused by name once any one of these names is taken away.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { memorySource } from "../../analyzer/bytes/memory-source.ts";
import type { Trace } from "../../analyzer/containers/trace.ts";
import { traceFile } from "../../analyzer/containers/trace-file.ts";
import type { CallFact, ImportFact } from "../../analyzer/pickle/facts.ts";
import type { Policy, PolicyEntry } from "../../analyzer/policy/policy.ts";
import { judgeTrace } from "../../analyzer/verdict/judge.ts";
import { oneByOne } from "../one-by-one.ts";
import type { RecordedFact, Recording } from "./cpython.ts";
import { DEBIAN_PYTHON, type How, hasLibraries, type Name, SafeLoader } from "./loader.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures", import.meta.url));
const MODELS = path.join(FIXTURES, "models");
const RECORDING = ".cpython.json";

/** Made by brine 0.1.0; the others, by what is newest. */
const OLD_BRINE = /ner-english-classic/;
/** What holds code by value makes functions and classes at run time: no list of names covers what it then calls. */
const CODE_BY_VALUE = /normalizer\.dill$|mlflow-text-counts/;

const HOW: Readonly<Record<string, How>> = {
  "torch-zip": "torch",
  "torch-legacy": "torch",
  joblib: "joblib",
  npy: "npy",
  npz: "npz",
};

const loaders = {
  old: new SafeLoader(DEBIAN_PYTHON, [path.join(FIXTURES, "brine/0.1.0")]),
  new: new SafeLoader(DEBIAN_PYTHON, [path.join(FIXTURES, "brine/0.2.0")]),
};
afterAll(() => Object.values(loaders).map((loader) => loader.close()));

interface Model {
  readonly name: string;
  readonly file: string;
  readonly trace: Trace;
  readonly policy: Policy;
  readonly loader: SafeLoader;
  readonly how: How;
}

const models = await oneByOne(
  readdirSync(MODELS, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(RECORDING))
    .sort(),
  (name) => readModel(name.slice(0, -RECORDING.length)),
);
const whole = models.filter(({ trace, policy }) => trace.outcome === "ok" && policy.imports.length > 0);
const loadable = whole.filter(({ name }) => !CODE_BY_VALUE.test(name));

async function readModel(name: string): Promise<Model> {
  const file = path.join(MODELS, name);
  const { pickles }: Recording = JSON.parse(readFileSync(file + RECORDING, "utf8"));
  const { trace } = await traceFile(memorySource(readFileSync(file)));
  return {
    name,
    file,
    trace,
    policy: policyOf(
      name,
      pickles.flatMap(({ facts }) => facts),
      trace,
    ),
    loader: OLD_BRINE.test(name) ? loaders.old : loaders.new,
    how: HOW[trace.container] ?? (name.endsWith(".joblib") ? "joblib" : "pickle"),
  };
}

/** What CPython recorded, and what the callables in it did on the pickle's behalf, which a recording does not show. */
function policyOf(name: string, recorded: readonly RecordedFact[], trace: Trace): Policy {
  const behalf = trace.pickles
    .flatMap(({ facts }) => facts)
    .filter((fact): fact is ImportFact | CallFact => (fact.kind === "import" || fact.kind === "call") && fact.via !== undefined);
  const entries = (kind: "import" | "call"): PolicyEntry[] => {
    const isOf = (fact: RecordedFact) => fact.kind === kind && !("method" in fact);
    const found = new Map<string, PolicyEntry>();
    for (const { callable } of recorded.filter(isOf)) found.set(callable, { callable, reasons: [] });
    for (const { callable, module } of behalf.filter(isOf)) found.set(callable, { callable, module, reasons: [] });
    return [...found.values()];
  };
  return { name: `observed:${name}`, class: null, library: null, imports: entries("import"), calls: entries("call") };
}

function nameOf({ callable, module = callable.slice(0, callable.lastIndexOf(".")) }: PolicyEntry): Name {
  return [module, callable.slice(module.length + 1)];
}

describe.skipIf(!hasLibraries())("sample models", () => {
  it("are of every kind", () => {
    expect(loadable.length).toBeGreaterThan(30);
    expect(new Set(loadable.map(({ how }) => how))).toEqual(new Set(["pickle", "torch", "joblib", "npy", "npz"]));
  });

  it.each(loadable)("$name loads under what it was seen to do, as the verdict says", async ({ file, trace, policy, loader, how }) => {
    expect(judgeTrace(trace, policy, "strict").verdict).toBe("loads");
    const loaded = await loader.load({ loader: loader.writeLoader(policy), how, file });
    expect(loaded).toMatchObject({ outcome: "loads" });
  });

  it.each(loadable)("$name is refused without any one of its names, and told which", async ({ file, trace, policy, loader, how }) => {
    const path = loader.writeLoader(policy);
    for (const list of ["imports", "calls"] as const) {
      for (const entry of policy[list]) {
        const without = { ...policy, [list]: policy[list].filter((other) => other !== entry) };
        // A file is read from its beginning on, also where an array of objects, a pickle of its own, lies inside of another.
        const [first] = judgeTrace(trace, without, "strict").blocked.toSorted((left, right) => left.offset - right.offset);
        const loaded = await loader.load({ loader: path, how, file, without: { [list]: [nameOf(entry)] } });
        const { callable, opcode, offset, reason } = first!;
        expect(callable).toBe(entry.callable);
        expect(loaded, `without ${entry.callable}`).toEqual({ outcome: "blocked", blocked: { callable, opcode, offset, reason } });
      }
    }
  });

  it.each(whole.filter(({ name }) => CODE_BY_VALUE.test(name)))(
    "$name holds code, and is refused by verdict and loader alike",
    async ({ file, trace, policy, loader, how }) => {
      const { blocked } = judgeTrace(trace, policy, "strict");
      const loaded = await loader.load({ loader: loader.writeLoader(policy), how, file });
      expect(loaded).toMatchObject({ outcome: "blocked", blocked: { opcode: blocked[0]!.opcode, offset: blocked[0]!.offset } });
    },
  );

  it.each(models.filter(({ trace }) => trace.outcome !== "ok"))("$name is broken, and does not load", async (model) => {
    const { file, policy, loader, how } = model;
    expect(await loader.load({ loader: loader.writeLoader(policy), how, file })).not.toMatchObject({ outcome: "loads" });
  });
});
