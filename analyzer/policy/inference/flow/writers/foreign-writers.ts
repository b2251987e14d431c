/**
 * The second solve: what other code of the library puts into objects of the class (a trainer's optimizer in the model's
 * card, and what a function hands to the constructor). It shares the graph of the first, and takes annotations to mean what the program makes, no longer every
 * subclass: behind a trainer stand corpora and data sets whose families have hundreds of members. Boundary: which
 * functions run; `foreign-stores.ts` and `makers.ts` find them.
 */
import { type Code, functionsNamed } from "../../../../python/code.ts";
import { openCall } from "../calls.ts";
import type { Flow } from "../flow.ts";
import { originsOf } from "../register-origins.ts";
import type { Value } from "../values.ts";
import { foreignWriters } from "./foreign-stores.ts";
import { makersOf } from "./makers.ts";

/** Runs whatever stores to attributes that the roots leave empty, or makes objects of their classes. `isSolved` solves, and says whether that came to an end. */
export function runForeignWriters(flow: Flow, roots: readonly Value[], isSolved: () => boolean): boolean {
  const empty = emptyAttributes(flow, roots);
  const classes = new Set(roots.flatMap((root) => codeOf(flow, root) ?? []));
  flow.objects.closeWorld();
  for (const code of foreignWriters(flow.resolver, empty)) runWithClass(flow, code);
  for (const code of makersOf(flow.resolver, classes)) runAlone(flow, code);
  if (!isSolved()) return false;
  for (const root of roots) flow.openStores.give(flow, root, empty);
  return isSolved();
}

/**
 * Attributes that the class itself leaves empty, for others to fill: `card = None` in its body or in one of its methods,
 * and in none of them anything that is made there.
 */
function emptyAttributes(flow: Flow, roots: readonly Value[]): Set<string> {
  const empty = new Set<string>();
  for (const root of roots) {
    const data = flow.data(root);
    if (data.kind !== "instance") continue;
    const names = new Set<string>();
    const own = flow.classes.orderOf(data.code).filter((base): base is Code => typeof base !== "string" && flow.isOfLibrary(base));
    const methods = own.flatMap((base) => base.body.instructions.flatMap((each) => (each.op === "function" ? [each.code] : [])));
    for (const base of own) for (const [name, member] of base.members) if (member.isEmpty) names.add(name);
    for (const method of methods) for (const name of method.body.clearedAttributes) names.add(name);
    for (const method of methods) for (const name of filledAttributes(method)) names.delete(name);
    for (const name of names) empty.add(name);
  }
  return empty;
}

/** `self.x = make()`: what a method makes for its receiver. What it was only handed is for others to say. */
function filledAttributes(method: Code): string[] {
  const [receiver] = method.body.parameters;
  return method.body.instructions.flatMap((instruction) => {
    if (instruction.op !== "store" || instruction.object !== receiver) return [];
    return originsOf(method, instruction.from).some(({ op }) => op === "call") ? [instruction.attribute] : [];
  });
}

/** A method runs on an object of its class that the user made, beside the methods that may call it. */
function runWithClass(flow: Flow, code: Code): void {
  const { parent } = code;
  if (parent?.kind !== "class") {
    openCall(flow, flow.values.function(code, null), null);
    return;
  }
  const receiver = flow.values.instance(parent, null);
  const class_ = flow.classValue(parent);
  for (const instruction of parent.body.instructions) {
    if (instruction.op !== "function") continue;
    const { name, decorators } = instruction.code;
    const isOfClass = name === "__new__" || decorators.some((decorator) => /(static|class)method$/.test(decorator));
    openCall(flow, flow.values.function(instruction.code, null), isOfClass ? class_ : receiver);
  }
}

/** A function, or a method and the constructor of its class. */
function runAlone(flow: Flow, code: Code): void {
  const { parent } = code;
  const isOfClass = code.decorators.some((decorator) => /(static|class)method$/.test(decorator));
  if (parent?.kind !== "class") openCall(flow, flow.values.function(code, null), null);
  else if (isOfClass) openCall(flow, flow.values.function(code, null), flow.classValue(parent));
  else {
    const receiver = flow.values.instance(parent, null);
    const definer = flow.classes.definerOf(parent, "__init__");
    for (const each of [...(definer ? functionsNamed(definer, "__init__") : []), code])
      openCall(flow, flow.values.function(each, null), receiver);
  }
}

function codeOf(flow: Flow, value: Value): Code | null {
  const data = flow.data(value);
  return data.kind === "instance" ? data.code : null;
}
