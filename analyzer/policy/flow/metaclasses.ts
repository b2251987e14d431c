/**
 * What a class of a class gives to its classes: methods of a metaclass are called on the class as a class's own are on its objects (Python's
 * data model, "Metaclasses"). Boundary: metaclasses with source; what a class gets from `type` is `calls.ts`'s.
 */
import type { Code } from "../../python/code.ts";
import type { Passed } from "./arguments.ts";
import { invoke } from "./calls.ts";
import { readDescriptor } from "./descriptors.ts";
import type { Flow } from "./flow.ts";
import type { Frame } from "./frame.ts";
import type { Node } from "./graph.ts";
import type { Value } from "./values.ts";

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
