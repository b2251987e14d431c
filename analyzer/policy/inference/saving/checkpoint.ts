/**
 * What the library itself saves: the code around its saving calls runs as a user would start it, and what reaches a call
 * is held. Boundary: which functions run, and together with which; which save is `savers.ts`, and which calls `saves.ts`.
 */
import type { Code } from "../../../python/code.ts";
import type { Reason } from "../../policy.ts";
import { openCall } from "../flow/calls.ts";
import { addMade, newContainer } from "../flow/containers.ts";
import { ANY, type Flow, KEYS } from "../flow/flow.ts";
import { FILLS_CHECKPOINT, SAVES_TENSORS, type Save } from "../flow/models/saves.ts";
import type { Value } from "../flow/values.ts";
import type { Node } from "../graph/graph.ts";
import type { Holding } from "../holding/holding.ts";
import { classAndSubclasses, type Saver } from "./savers.ts";

/** Lets a saver run, and holds what it saves; gives false, with a notice, where there is more to follow than `most` edges. */
export function holdSaved(holding: Holding, { code, tensorsAt }: Saver, most: number): boolean {
  const { flow } = holding;
  if (tensorsAt !== null) {
    holdTensors(holding, reasonFor(flow, code, `calls ${SAVES_TENSORS}`, tensorsAt));
    return true;
  }
  flow.saves.listen((save) => {
    if (flow.isOfLibrary(save.code)) holdSave(holding, save);
  });
  start(flow, code);
  for (const class_ of classAndSubclasses(flow, code)) holdFilled(holding, class_);
  return flow.solveWithin(most, `what ${code.name} saves`, code);
}

function holdTensors(holding: Holding, reason: Reason): void {
  for (const type of ["torch.Tensor", "collections.OrderedDict"])
    holding.hold(holding.flow.values.native(type), { holder: null, node: null, reason: { ...reason, name: type } });
}

/** What an object of a class puts into the checkpoint that it is handed, the last that its method takes. */
function holdFilled(holding: Holding, class_: Code): void {
  const { flow } = holding;
  const definer = class_.kind === "class" && !flow.classes.hasNoObjects(class_) ? flow.classes.definerOf(class_, FILLS_CHECKPOINT) : null;
  if (!definer || !flow.isOfLibrary(definer)) return;
  const receiver = flow.objects.openInstance(class_);
  flow.graph.listen(flow.field(flow.classValue(definer), FILLS_CHECKPOINT), (member) => {
    const data = flow.data(member);
    const last = data.kind === "function" ? data.code.body.parameters.at(-1) : undefined;
    if (data.kind !== "function" || last === undefined) return;
    const { code, outer } = data;
    const frame = flow.frame(code, outer, receiver);
    const reason = reasonFor(flow, code, "fills the checkpoint", code.line);
    const checkpoint = newContainer(flow, frame, "builtins.dict", code.line, ":checkpoint");
    addMade(flow, frame, frame.base + last, checkpoint, code.line);
    for (const field of [ANY, KEYS]) holdAll(holding, flow.field(checkpoint, field), reason);
    holdTensors(holding, reason);
  });
}

function holdSave(holding: Holding, { by, code, line, node }: Save): void {
  holdAll(holding, node, reasonFor(holding.flow, code, `calls ${by}`, line));
}

function holdAll(holding: Holding, node: Node, reason: Reason): void {
  holding.flow.graph.listen(node, (value) => holding.hold(value, { holder: null, node, reason }));
}

function reasonFor(flow: Flow, code: Code, does: string, line: number): Reason {
  const where = code.kind === "module" ? code.unit.module : flow.nameOf(code);
  return { kind: "save", text: `${where} ${does}`, file: code.unit.path, line };
}

/**
 * A module is run, and a function called by the user; a method on an object that the user made, with all that its other methods do to it.
 */
function start(flow: Flow, code: Code): void {
  if (code.kind === "module") {
    code.body.statements.forEach((_, index) => {
      flow.evaluateStatement({ unit: code.unit, index });
    });
    return;
  }
  if (code.kind !== "class") {
    openCall(flow, flow.values.function(code, null), null);
    return;
  }
  const family = classAndSubclasses(flow, code);
  const subclasses = flow.classes.librarySubclasses(code).length;
  if (family.length <= subclasses)
    flow.notice(`what ${code.name} saves: of its ${subclasses} subclasses none is followed`, code, code.line);
  for (const class_ of family) if (!flow.classes.hasNoObjects(class_)) startMethods(flow, class_);
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
