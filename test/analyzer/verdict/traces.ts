/** Traces written by hand: facts as the machine gives them, one byte apart, for tests of judging alone. */
import type { Trace } from "../../../analyzer/containers/trace.ts";
import type { CallFact, Fact, ImportFact } from "../../../analyzer/pickle/facts.ts";
import type { OpcodeName } from "../../../analyzer/pickle/opcodes.ts";
import type { PickleValue } from "../../../analyzer/pickle/value.ts";
import type { Policy, PolicyEntry } from "../../../analyzer/policy/policy.ts";

type Unplaced<F> = F extends Fact ? Omit<F, "offset"> : never;

/** `module:qualified.name`, so that a test says where the module ends. */
function callable(name: string) {
  const [module, qualified] = name.split(":") as [string, string];
  return { callable: `${module}.${qualified}`, module, name: qualified };
}

export function imported(name: string, more: Partial<ImportFact> = {}): Unplaced<ImportFact> {
  const named = callable(name);
  return { kind: "import", opcode: "GLOBAL", origin: "named", spelt: named.callable, ...named, ...more };
}

export function called(name: string, more: Partial<CallFact> = {}): Unplaced<CallFact> {
  return { kind: "call", opcode: "REDUCE", origin: "named", arguments: "()", ...callable(name), ...more };
}

export function built(name: string, more: Partial<CallFact> = {}): Unplaced<CallFact> {
  return called(name, { opcode: "BUILD", method: "__setstate__", ...more });
}

export function persistent(id: PickleValue): Unplaced<Fact> {
  return { kind: "persistent-id", opcode: "BINPERSID", id };
}

/** The id that torch.save writes for a storage of floats. */
export const STORAGE = {
  kind: "tuple",
  items: [
    { kind: "str", value: "storage" },
    { kind: "global", callable: "torch.FloatStorage" },
    { kind: "str", value: "0" },
    { kind: "str", value: "cpu" },
    { kind: "int", value: "4" },
  ] as readonly PickleValue[],
} as const;

/** A file of one pickle that does these things in this order; `container` and outcome as given. */
export function trace(facts: readonly Unplaced<Fact>[], more: Partial<Trace> & { opcodes?: readonly OpcodeName[] } = {}): Trace {
  const { opcodes = [], ...rest } = more;
  const placed = facts.map((fact, index) => ({ ...fact, offset: 10 * (index + 1) }) as Fact);
  const used = [...opcodes.map((opcode, index) => ({ opcode, offset: index })), ...placed];
  return {
    size: 1000,
    container: "torch-zip",
    outcome: "ok",
    findings: [],
    pickles: [
      {
        entry: "model/data.pkl",
        offset: 0,
        length: 1000,
        protocol: 2,
        outcome: rest.outcome ?? "ok",
        facts: placed,
        opcodes: used.map(({ opcode, offset }) => ({ opcode, offset, count: 1 })),
        root: null,
      },
    ],
    ...rest,
  };
}

/** A class policy with these imports and calls, each as `module:qualified.name`. */
export function policy(imports: readonly string[], calls: readonly string[] = []): Policy {
  return { name: "class:test", class: null, library: null, imports: imports.map(entry), calls: calls.map(entry) };
}

function entry(name: string): PolicyEntry {
  const { callable: full, module, name: qualified } = callable(name);
  return { callable: full, reasons: [], ...(qualified.includes(".") ? { module } : {}) };
}
