/**
 * The second solve: what other code of the library puts into objects of the class (a trainer's optimizer in the model's
 * card). It shares the graph of the first, and takes annotations to mean what the program makes, no longer every
 * subclass: behind a trainer stand corpora and data sets whose families have hundreds of members. Boundary: which
 * functions run; `foreign-stores.ts` finds them.
 */
import type { Code } from "../../python/code.ts";
import { openCall } from "./calls.ts";
import type { Flow } from "./flow.ts";
import { foreignWriters } from "./foreign-stores.ts";
import type { Value } from "./values.ts";

/** Runs whatever stores to attributes that the roots leave empty. */
export function runForeignWriters(flow: Flow, roots: readonly Value[]): void {
  flow.objects.closeWorld();
  for (const code of foreignWriters(flow.resolver, emptyAttributes(flow, roots))) runWithClass(flow, code);
}

/** Attributes that the class itself leaves empty, for others to fill: `card = None` in its body or in one of its methods. */
function emptyAttributes(flow: Flow, roots: readonly Value[]): Set<string> {
  const names = new Set<string>();
  for (const root of roots) {
    const data = flow.data(root);
    if (data.kind !== "instance") continue;
    for (const base of flow.classes.orderOf(data.code)) {
      if (typeof base === "string" || !flow.isOfLibrary(base)) continue;
      for (const [name, member] of base.members) if (member.isEmpty) names.add(name);
      for (const instruction of base.body.instructions)
        if (instruction.op === "function") for (const name of instruction.code.body.clearedAttributes) names.add(name);
    }
  }
  return names;
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
