/**
 * What a class of a class gives to its classes: methods of a metaclass are called on the class as a class's own are on its objects (Python's
 * data model, "Metaclasses"). Boundary: metaclasses with source; what a class gets from `type` is `calls.ts`'s.
 */
import { type Code, functionsNamed } from "../../../../python/code.ts";
import type { Node } from "../../graph/graph.ts";
import { bindArguments, type Passed } from "../arguments.ts";
import { invoke, openCall } from "../calls.ts";
import type { Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { WRITES } from "../names/effects.ts";
import { OPEN_SUBCLASSES } from "../types.ts";
import type { Value } from "../values.ts";
import { readDescriptor } from "./descriptors.ts";

/** Lets what the metaclass of a class has under a name flow to `into`; of `super()` in the metaclass, what those after it have. */
export function loadFromMetaclass(
  flow: Flow,
  frame: Frame,
  class_: Value,
  attribute: string,
  into: Node,
  line: number,
  after: Code | null = null,
): void {
  const data = flow.data(class_);
  const metaclass = data.kind === "class" ? flow.classes.metaclassOf(data.code) : null;
  if (metaclass === null) return;
  const order = flow.classes.orderOf(metaclass);
  for (const base of order.slice(after === null ? 0 : order.indexOf(after) + 1)) {
    if (typeof base === "string") {
      flow.graph.add(into, flow.values.builtinMethod(attribute, class_), flow.graph.origins.made(frame.code.unit.path, line));
      return;
    }
    if (!base.members.has(attribute)) continue;
    const member = flow.field(flow.classValue(base), attribute);
    flow.graph.listen(member, (value) => bind(flow, frame, value, class_, { metaclass, attribute, into, line, source: member }));
    return;
  }
}

interface Binding {
  readonly metaclass: Code;
  readonly attribute: string;
  readonly into: Node;
  readonly line: number;
  readonly source: Node;
}

function bind(flow: Flow, frame: Frame, value: Value, class_: Value, { metaclass, attribute, into, line, source }: Binding): void {
  const { graph, values } = flow;
  const data = flow.data(value);
  if (data.kind !== "function") {
    const reading = { receiver: class_, class: flow.classValue(metaclass), attribute, into, line };
    if (!readDescriptor(flow, frame, value, reading)) graph.add(into, value, source);
    return;
  }
  const { decorators } = data.code;
  if (decorators.some((decorator) => decorator.endsWith("staticmethod"))) graph.add(into, value, source);
  else if (decorators.some((decorator) => decorator.endsWith("property")))
    invoke(flow, frame, values.method(value, class_), [], into, line);
  else graph.add(into, values.method(value, class_), source);
}

/** Runs the `__call__` that a metaclass of the library has as a user of the class would. */
export function openMetaclassCall(flow: Flow, code: Code): void {
  const metaclass = flow.classes.metaclassOf(code);
  const definer = metaclass && flow.classes.definerOf(metaclass, "__call__");
  if (!definer || !flow.isOfLibrary(definer)) return;
  flow.graph.listen(flow.field(flow.classValue(definer), "__call__"), (function_) => {
    openCall(flow, function_, flow.classValue(code));
  });
}

/**
 * Runs what a metaclass of the library does with a class when that is made: its `__new__` and `__init__`, if they put something anywhere. Of one that
 * may enter classes into a registry the library's other classes are made with it, unless there are many.
 */
export function runMetaclass(flow: Flow, code: Code): void {
  const { classes, values } = flow;
  const metaclass = classes.metaclassOf(code);
  if (metaclass === null || !flow.isOfLibrary(metaclass)) return;
  let makesOthers = false;
  for (const name of MAKING) {
    const definer = classes.definerOf(metaclass, name);
    const function_ = definer && functionsNamed(definer, name)[0];
    if (!function_ || !flow.isOfLibrary(definer) || !putsSomewhere(function_)) continue;
    const class_ = values.class(code);
    const receiver = name === "__new__" ? flow.classValue(metaclass) : class_;
    const value = values.function(function_, null);
    const activation = flow.frame(function_, null, receiver, class_);
    const named = flow.graph.allocate(1);
    flow.graph.add(named, values.text(code.name), flow.graph.origins.made(code.unit.path, code.line));
    bindArguments(flow, activation, value, receiver, [{ kind: "positional", from: named }]);
    flow.unseen.call(activation);
    makesOthers = true;
  }
  const root = makesOthers
    ? classes.orderOf(code).find((base): base is Code => typeof base !== "string" && base.metaclass !== null)
    : undefined;
  const others = root && flow.isOfLibrary(root) ? classes.librarySubclasses(root) : [];
  if (others.length <= OPEN_SUBCLASSES) for (const other of others) flow.classValue(other);
}

const MAKING = ["__new__", "__init__"];

/** Whether a method of a metaclass puts its first parameter, or what a call gives, anywhere. */
function putsSomewhere({ body }: Code): boolean {
  const classes = new Set(body.parameters.slice(0, 1));
  const taking = new Set<number>();
  return body.instructions.some((instruction) => {
    if (instruction.op === "set-item") return classes.has(instruction.from);
    if (instruction.op === "load" && WRITES.has(instruction.attribute)) taking.add(instruction.into);
    if (instruction.op !== "call") return false;
    classes.add(instruction.into);
    return taking.has(instruction.callee) && instruction.arguments.some(({ from }) => classes.has(from));
  });
}

/** The class that `type.__new__(metaclass, name, bases, namespace)` makes in the `__new__` of a metaclass; null where that is no such call. */
export function classBeingMade(flow: Flow, { code, context }: Frame, metaclass: Code): Value | null {
  const data = context === null || code.name !== "__new__" ? null : flow.data(context);
  return data?.kind === "class" && flow.classes.metaclassOf(data.code) === metaclass ? context : null;
}

/** Calls a method that the metaclass of a class defines, on the class. Whether it defines one. */
export function callMetaclass(
  flow: Flow,
  frame: Frame,
  class_: Value,
  name: string,
  args: readonly Passed[],
  into: Node | null,
  line: number,
): boolean {
  const data = flow.data(class_);
  const metaclass = data.kind === "class" ? flow.classes.metaclassOf(data.code) : null;
  const definer = metaclass && flow.classes.definerOf(metaclass, name);
  if (!definer || !flow.isOfLibrary(definer)) return false;
  flow.graph.listen(flow.field(flow.classValue(definer), name), (function_) => {
    if (flow.data(function_).kind === "function") invoke(flow, frame, flow.values.method(function_, class_), args, into, line);
  });
  return true;
}
