/**
 * Descriptors: what an attribute of a class is when it is read or set through an object or the class (Python's data model,
 * "Implementing descriptors"). Those that `property(get)`, `staticmethod(f)` and the like make, and objects with `__get__` and `__set__`.
 * Boundary: functions under a decorator of these names are `attributes.ts`'s.
 */
import type { Code } from "../../../../python/code.ts";
import { IS_NONE } from "../../../../python/constant-kinds.ts";
import type { Node } from "../../graph/graph.ts";
import type { Passed } from "../arguments.ts";
import { invoke, openCall } from "../calls.ts";
import { addMade, callMethod } from "../containers.ts";
import type { Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { argument, type NativeCall } from "../models/container-methods.ts";
import type { DescriptorType, Value, ValueData } from "../values.ts";

/** What each is made of: the arguments of its constructor, by position and by name. */
const PARTS: Readonly<Record<DescriptorType, readonly string[]>> = {
  property: ["fget", "fset", "fdel"],
  cached_property: ["func"],
  staticmethod: ["__func__"],
  classmethod: ["__func__"],
};

/** Models of what makes descriptors. */
export const DESCRIPTOR_MODELS = Object.fromEntries(
  [
    ["builtins.property", "property"] as const,
    ["builtins.staticmethod", "staticmethod"] as const,
    ["builtins.classmethod", "classmethod"] as const,
    ["functools.cached_property", "cached_property"] as const,
  ].map(([name, type]) => [name, (flow: Flow, frame: Frame, call: NativeCall) => makeDescriptor(flow, frame, type, call)]),
);

function makeDescriptor(flow: Flow, frame: Frame, type: DescriptorType, call: NativeCall): void {
  if (call.into === null) return;
  const value = flow.values.descriptor(type, `${frame.id}:${call.into}`);
  PARTS[type].forEach((part, index) => {
    const from = argument(call, index, part);
    if (from !== null) flow.graph.edge(from, flow.field(value, part));
  });
  addMade(flow, frame, call.into, value, call.line);
}

/** `descriptor.setter(function)` and the like: the same descriptor, with that function. */
export function descriptorMethod(flow: Flow, frame: Frame, name: string, descriptor: Value, call: NativeCall): void {
  const part = { getter: "fget", setter: "fset", deleter: "fdel" }[name];
  const from = argument(call, 0);
  if (part === undefined || from === null) return;
  flow.graph.edge(from, flow.field(descriptor, part));
  if (call.into !== null) addMade(flow, frame, call.into, descriptor, call.line);
}

/** What an attribute of a class is read through. */
export interface Reading {
  readonly receiver: Value;
  /** The class of the receiver, or the receiver itself. */
  readonly class: Value;
  readonly attribute: string;
  readonly into: Node;
  readonly line: number;
}

/** Reads an attribute of a class that is a descriptor. Whether it is one. */
export function readDescriptor(flow: Flow, frame: Frame, value: Value, reading: Reading): boolean {
  const data = flow.data(value);
  if (data.kind === "descriptor") {
    readMade(flow, frame, value, data.type, reading);
    return true;
  }
  if (data.kind !== "instance" || !flow.classes.definerOf(data.code, "__get__")) return false;
  callMethod(
    flow,
    frame,
    value,
    "__get__",
    [receiverOf(flow, frame, reading), passed(flow, frame, reading.class, reading.line)],
    reading.into,
    reading.line,
  );
  return true;
}

function readMade(
  flow: Flow,
  frame: Frame,
  value: Value,
  type: DescriptorType,
  { receiver, class: class_, attribute, into, line }: Reading,
): void {
  const { graph, values } = flow;
  const function_ = flow.field(value, PARTS[type][0]!);
  if (type === "staticmethod") graph.edge(function_, into);
  else if (type === "classmethod") graph.listen(function_, (each) => graph.add(into, bound(flow, each, class_), function_));
  else if (flow.data(receiver).kind === "instance") {
    const self = passed(flow, frame, receiver, line);
    graph.listen(function_, (each) => {
      const callee = flow.data(each).kind === "function" ? values.method(each, receiver) : each;
      const result = invoke(flow, frame, callee, callee === each ? [self] : [], into, line);
      if (type === "cached_property" && result !== null) flow.store(result, flow.field(receiver, attribute), frame.code, line);
    });
  }
}

function bound(flow: Flow, function_: Value, receiver: Value): Value {
  return flow.data(function_).kind === "function" ? flow.values.method(function_, receiver) : function_;
}

/** Sets an attribute of an object of which the class has a descriptor. */
export function writeDescriptor(flow: Flow, frame: Frame, receiver: Value, code: Code, attribute: string, from: Node, line: number): void {
  const definer = flow.classes.definerOf(code, attribute);
  if (!definer?.members.get(attribute)?.isAssigned) return;
  flow.graph.listen(flow.field(flow.classValue(definer), attribute), (value) => {
    const data = flow.data(value);
    if (data.kind === "descriptor") {
      if (data.type !== "property") return;
      flow.graph.listen(flow.field(value, "fset"), (setter) => {
        if (flow.data(setter).kind !== "function") return;
        invoke(flow, frame, flow.values.method(setter, receiver), [{ kind: "positional", from }], null, line);
      });
    } else if (isWritten(flow, data))
      callMethod(flow, frame, value, "__set__", [passed(flow, frame, receiver, line), { kind: "positional", from }], null, line);
  });
}

function isWritten(flow: Flow, data: ValueData): boolean {
  return data.kind === "instance" && flow.classes.definerOf(data.code, "__set__") !== null;
}

/** Whether reading or setting an attribute of a class that holds this runs code. */
export function isDescriptor(flow: Flow, value: Value): boolean {
  const data = flow.data(value);
  if (data.kind === "descriptor") return data.type === "property" || data.type === "cached_property";
  return data.kind === "instance" && ["__get__", "__set__"].some((name) => flow.classes.definerOf(data.code, name) !== null);
}

/** Runs the functions of a descriptor as whoever uses an object of the class would. */
export function runDescriptor(flow: Flow, value: Value, receiver: Value, class_: Value): void {
  const data = flow.data(value);
  if (data.kind !== "descriptor") return;
  const self = { property: receiver, cached_property: receiver, staticmethod: null, classmethod: class_ }[data.type];
  for (const part of PARTS[data.type]) flow.graph.listen(flow.field(value, part), (function_) => openCall(flow, function_, self));
}

/** Tells an object in the body of a class the name that it has there: `__set_name__(owner, name)`. */
export function nameDescriptor(flow: Flow, frame: Frame, name: string, node: Node, line: number): void {
  flow.graph.listen(node, (value) => {
    const data = flow.data(value);
    if (data.kind !== "instance" || !flow.classes.definerOf(data.code, "__set_name__")) return;
    const args = [flow.values.class(frame.code), flow.values.text(name)].map((each) => passed(flow, frame, each, line));
    callMethod(flow, frame, value, "__set_name__", args, null, line);
  });
}

/** The object that a descriptor is read through: None where that is the class. */
function receiverOf(flow: Flow, frame: Frame, { receiver, line }: Reading): Passed {
  if (flow.data(receiver).kind === "instance") return passed(flow, frame, receiver, line);
  const from = flow.graph.allocate(1);
  flow.graph.kinds.mark(from, IS_NONE);
  return { kind: "positional", from };
}

/** An argument that is one value. */
function passed(flow: Flow, frame: Frame, value: Value, line: number): Passed {
  const from = flow.graph.allocate(1);
  addMade(flow, frame, from, value, line);
  return { kind: "positional", from };
}
