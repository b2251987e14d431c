/**
 * What the library itself saves: the code around its saving calls runs as a user would start it, and what reaches a call
 * is held. Boundary: which functions run; which calls save is `saves.ts`.
 */
import type { Code } from "../../python/code.ts";
import { openCall } from "./calls.ts";
import type { Flow } from "./flow.ts";
import { functionsOf } from "./foreign-stores.ts";
import type { Holding } from "./holding.ts";
import { isPickler, MAY_SAVE, SAVES_TENSORS, type Save } from "./saves.ts";
import type { Value } from "./values.ts";

/** Holds what the library saves, and gives how many of its functions do. */
export function holdCheckpoints(holding: Holding): number {
  const { flow } = holding;
  flow.saves.listen((save) => {
    if (flow.isOfLibrary(save.code)) hold(holding, save);
  });
  const savers = savingFunctions(flow);
  for (const code of savers) start(flow, code);
  flow.solve();
  return savers.length;
}

function hold(holding: Holding, save: Save): void {
  const { flow } = holding;
  const { by, code, line, node } = save;
  const where = code.kind === "module" ? code.unit.module : flow.nameOf(code);
  const reason = { kind: "save" as const, text: `${where} calls ${by}`, file: code.unit.path, line };
  if (by !== SAVES_TENSORS) {
    flow.graph.listen(node, (value) => holding.hold(value, { holder: null, node, reason }));
    return;
  }
  for (const type of ["torch.Tensor", "collections.OrderedDict"])
    holding.hold(flow.values.native(type), { holder: null, node: null, reason: { ...reason, name: type } });
}

/** Functions and methods of the library with a call that saves; for one inside another, the outermost. */
function savingFunctions(flow: Flow): Code[] {
  const { modules } = flow.resolver;
  return modules.libraryModulesWith(MAY_SAVE).flatMap((module) => {
    const unit = modules.unit(module);
    return unit ? functionsOf(unit.code).filter((code) => MAY_SAVE.test(code.text) && saves(flow, code)) : [];
  });
}

function saves(flow: Flow, code: Code): boolean {
  const { instructions } = code.body;
  return (
    flow.called.of(code).some(isPickler) ||
    instructions.some((instruction) => instruction.op === "load" && instruction.attribute === SAVES_TENSORS) ||
    instructions.some((instruction) => instruction.op === "function" && saves(flow, instruction.code))
  );
}

/** A function is called by the user; a method on an object that the user made, with all that its other methods do to it. */
function start(flow: Flow, code: Code): void {
  const { parent } = code;
  if (parent?.kind !== "class") {
    openCall(flow, flow.values.function(code, null), null);
    return;
  }
  for (const class_ of [parent, ...flow.classes.librarySubclasses(parent)]) {
    if (!flow.classes.isAbstract(class_)) startMethods(flow, class_);
  }
}

function startMethods(flow: Flow, class_: Code): void {
  const receiver = flow.objects.openInstance(class_);
  const seen = new Set<string>();
  for (const base of flow.classes.orderOf(class_)) {
    if (typeof base === "string" || !flow.isOfLibrary(base)) continue;
    for (const name of base.members.keys()) {
      if (seen.has(name)) continue;
      seen.add(name);
      flow.graph.listen(flow.field(flow.classValue(base), name), (member) => {
        const data = flow.data(member);
        if (data.kind === "function") openCall(flow, member, receiverOf(flow, data.code, receiver, class_));
      });
    }
  }
}

function receiverOf(flow: Flow, method: Code, object: Value, class_: Code): Value | null {
  const { name, decorators } = method;
  if (decorators.some((decorator) => /(^|\.)staticmethod$/.test(decorator))) return null;
  return name === "__new__" || decorators.some((decorator) => /(^|\.)classmethod$/.test(decorator)) ? flow.classValue(class_) : object;
}
