/**
 * What functions of dependencies ask of what the library passes on to them, where the library itself asks nothing of it
 * (`cross_validate(self.estimator, X, y)`). Boundary: the source of the functions, which need not be followed for it.
 */
import type { Argument, Code, Instruction, Register } from "../../../../python/code.ts";
import type { Definition, Resolver } from "../../../../python/resolve.ts";
import { isForm } from "../../../../python/text-forms.ts";
import type { Flow } from "../flow.ts";
import { definitionsOf, mayBeParameter, originsOf } from "../register-origins.ts";
import type { OpenValue } from "./open-values.ts";

/** So many functions may stand between the one that is called and the one that asks. */
const DEPTH = 2;

type Call = Extract<Instruction, { readonly op: "call" }>;

/** Has every function of a dependency that the library hands an open value, of which nothing is asked, ask what it does. */
export function notePassedOn(flow: Flow): void {
  const holders = flow.graph.nodesWith((value) => {
    const data = flow.data(value);
    return data.kind === "open" && !data.isClass && isUnasked(flow, data);
  });
  const reader = new ParameterReader(flow.resolver);
  for (const frame of flow.everyFrame()) {
    if (frame.code.kind !== "function" || !flow.isOfLibrary(frame.code)) continue;
    for (const call of flow.instructionsOf(frame)) {
      if (call.op !== "call") continue;
      for (const passed of call.arguments) {
        if (holders[flow.graph.find(frame.base + passed.from)] !== 1) continue;
        const asked = new Set<string>();
        flow.graph.eachValue(frame.base + call.callee, (callee) => {
          const data = flow.data(callee);
          if (data.kind !== "function" || flow.isOfLibrary(data.code)) return;
          for (const name of reader.askedOf(data.code, parameterFor(data.code, call, passed))) asked.add(name);
        });
        if (asked.size === 0) continue;
        flow.graph.eachValue(frame.base + passed.from, (value) => {
          const data = flow.data(value);
          if (data.kind === "open" && !data.isClass) for (const name of asked) flow.asked.of(data).attributes.add(name);
        });
      }
    }
  }
}

function isUnasked(flow: Flow, open: OpenValue): boolean {
  const { attributes, classes } = flow.asked.of(open);
  return attributes.size === 0 && classes.size === 0;
}

/** What functions ask of their parameters, by themselves and by what they pass them on to. */
class ParameterReader {
  private readonly known = new Map<Code, Map<Register, ReadonlySet<string>>>();

  constructor(private readonly resolver: Resolver) {}

  askedOf(code: Code, parameter: Register | null, depth = 0): ReadonlySet<string> {
    if (parameter === null) return NOTHING_ASKED;
    const ofCode = this.known.get(code) ?? new Map<Register, ReadonlySet<string>>();
    this.known.set(code, ofCode);
    const known = ofCode.get(parameter);
    if (known) return known;
    const asked = new Set<string>();
    ofCode.set(parameter, asked);
    const isIt = (register: Register) => mayBeParameter(code, register, parameter);
    for (const each of code.body.instructions) {
      if (each.op === "load" && isIt(each.object)) asked.add(each.attribute);
      if (each.op !== "call") continue;
      for (const passed of each.arguments) {
        if (!isIt(passed.from)) continue;
        for (const name of this.askedByCall(code, each, passed, depth)) asked.add(name);
      }
    }
    return asked;
  }

  private askedByCall(code: Code, call: Call, passed: Argument, depth: number): readonly string[] {
    const definitions = originsOf(code, call.callee).flatMap((callee) => definitionsOf(this.resolver, code, callee));
    return definitions.flatMap((definition: Definition) => {
      if (definition.kind === "external" && /^builtins\.(hasattr|getattr)$/.test(definition.name) && call.arguments[0] === passed) {
        const names = call.arguments[1] === undefined ? [] : originsOf(code, call.arguments[1].from);
        return names.flatMap((name) => (name.op === "text" && !isForm(name.value) ? [name.value] : []));
      }
      if (definition.kind !== "function" || depth >= DEPTH) return [];
      return [...this.askedOf(definition.code, parameterFor(definition.code, call, passed), depth + 1)];
    });
  }
}

const NOTHING_ASKED: ReadonlySet<string> = new Set();

/** The parameter of a function that takes an argument; null where that is not plain. */
function parameterFor({ parameters, body }: Code, call: Call, passed: Argument): Register | null {
  if (passed.kind === "keyword") return body.parameters[parameters.findIndex(({ name }) => name === passed.name)] ?? null;
  const index = call.arguments.indexOf(passed);
  return call.arguments.slice(0, index + 1).every(({ kind }) => kind === "positional") ? (body.parameters[index] ?? null) : null;
}
