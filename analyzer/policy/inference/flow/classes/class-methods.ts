/**
 * What every class has from `type`, and what the classes and objects of named tuples and dataclasses have from those who make them.
 * Boundary: what Python source defines is found before any of this.
 */
import { IS_UNKNOWN } from "../../../../python/constant-kinds.ts";
import type { Node } from "../../graph/graph.ts";
import type { Passed } from "../arguments.ts";
import { storeInto } from "../attributes.ts";
import { construct } from "../calls.ts";
import { addMade, elementInto, iterate, newContainer } from "../containers.ts";
import { ANY, type Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { argument, type NativeCall } from "../models/container-methods.ts";
import { nativeType } from "../models/natives.ts";
import type { Value } from "../values.ts";
import { fieldsOf, spreadIntoFields } from "./fields.ts";
import { classBeingMade } from "./metaclasses.ts";

/** Calls what a class has and no source defines. */
export function classMethod(flow: Flow, frame: Frame, name: string, class_: Value, call: NativeCall): void {
  const data = flow.data(class_);
  const { args, into, line } = call;
  if (name === "_make") makeNamedTuple(flow, frame, class_, call);
  if (data.kind !== "class") return;
  switch (name) {
    case "__call__":
      construct(flow, frame, data.code, args, into, line);
      return;
    case "mro":
      if (into !== null) loadAncestors(flow, frame, class_, "__mro__", into, line);
      return;
    default:
      if (MAKERS.test(name) && flow.isOfLibrary(data.code) && flow.classes.externalBases(data.code).some(isUnread)) {
        // With what it calls the class is not known.
        const handed = flow.graph.allocate(1);
        flow.graph.kinds.mark(handed, IS_UNKNOWN);
        construct(flow, frame, data.code, [{ kind: "double-star", from: handed }], into, line);
      }
      return;
  }
}

/** What people call the methods by which a class makes its objects of something else, or reads them from somewhere. */
const MAKERS = /^(from_|load|parse|create|build|make|construct$|model_(validate|construct))/;

/** Whether the source of a base is not given, and nothing else is known of it. */
function isUnread(base: string): boolean {
  return !base.startsWith("builtins.") && nativeType(base) === null;
}

/** `object.__new__(cls)`: an object of the class it is given. */
export function makeNew(flow: Flow, frame: Frame, call: NativeCall): void {
  const class_ = argument(call, 0);
  const { into, line } = call;
  if (class_ === null || into === null) return;
  flow.graph.listen(class_, (value) => {
    const made = flow.data(value);
    if (made.kind !== "class") return;
    addMade(flow, frame, into, classBeingMade(flow, frame, made.code) ?? flow.values.instance(made.code, null), line);
  });
}

function addClasses(flow: Flow, frame: Frame, into: Node, type: string, line: number, classes: readonly Value[]): void {
  const container = newContainer(flow, frame, type, line, ":classes");
  for (const class_ of classes) addMade(flow, frame, elementInto(flow, container, null), class_, line);
  addMade(flow, frame, into, container, line);
}

/** `Class.__mro__`, `Class.__bases__` and `Class.__base__`. Whether it is one of them. */
export function loadAncestors(flow: Flow, frame: Frame, class_: Value, attribute: string, into: Node, line: number): boolean {
  const data = flow.data(class_);
  if (data.kind !== "class" || !ANCESTORS.has(attribute)) return false;
  const bases = attribute === "__mro__" ? flow.classes.orderOf(data.code) : flow.classes.basesOf(data.code);
  const classes = bases.map((base) => (typeof base === "string" ? flow.values.external(base) : flow.classValue(base)));
  if (attribute !== "__base__") addClasses(flow, frame, into, "builtins.tuple", line, classes);
  else for (const each of classes.slice(0, 1)) addMade(flow, frame, into, each, line);
  return true;
}

const ANCESTORS = new Set(["__mro__", "__bases__", "__base__"]);

/** `Class._make(values)`. */
function makeNamedTuple(flow: Flow, frame: Frame, class_: Value, call: NativeCall): void {
  const data = flow.data(class_);
  const from = argument(call, 0);
  if (from === null || call.into === null) return;
  if (data.kind === "derived-class") {
    const value = flow.values.derived(class_);
    iterate(flow, frame, from, flow.field(value, ANY), call.line);
    addMade(flow, frame, call.into, value, call.line);
  } else if (data.kind === "class") {
    const value = flow.values.instance(data.code, null);
    iterate(flow, frame, from, elementInto(flow, value, null), call.line);
    addMade(flow, frame, call.into, value, call.line);
  }
}

/** Methods of the object of a named tuple's class: `_replace(name=value)`, `_asdict()`. Whether it is one. */
export function namedTupleMethod(flow: Flow, frame: Frame, name: string, receiver: Value, call: NativeCall): boolean {
  const data = flow.data(receiver);
  if (name === "_replace") {
    for (const passed of call.args) {
      if (data.kind === "derived") flow.graph.edge(passed.from, flow.field(receiver, ANY));
      else replaceField(flow, frame, receiver, passed, call.line);
    }
    if (call.into !== null) addMade(flow, frame, call.into, receiver, call.line);
  } else if (name === "_asdict" && call.into !== null) {
    const dict = newContainer(flow, frame, "builtins.dict", call.line, ":fields");
    flow.graph.edge(flow.field(receiver, ANY), elementInto(flow, dict, null));
    flow.listenFields(receiver, (field, node) => {
      if (!field.startsWith("[")) flow.graph.edge(node, elementInto(flow, dict, field));
    });
    addMade(flow, frame, call.into, dict, call.line);
  } else return false;
  return true;
}

/** `dataclasses.replace(object, name=value)`: an object of the same class, of which the fields are told apart by no more than that. */
export function replaceFields(flow: Flow, frame: Frame, call: NativeCall): void {
  const from = argument(call, 0);
  const changes = call.args.slice(1);
  if (from === null || call.into === null) return;
  const { into, line } = call;
  flow.graph.listen(from, (value) => {
    flow.graph.add(into, value, from);
    for (const passed of changes) replaceField(flow, frame, value, passed, line);
  });
}

function replaceField(flow: Flow, frame: Frame, object: Value, passed: Passed, line: number): void {
  const data = flow.data(object);
  if (data.kind !== "instance") return;
  if (passed.kind === "keyword" && passed.name !== undefined) storeInto(flow, frame, object, passed.name, passed.from, line);
  else if (passed.kind === "double-star") spreadIntoFields(flow, frame, object, passed, fieldsOf(flow, data.code));
}
