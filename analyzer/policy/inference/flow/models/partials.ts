/**
 * Callables that are made of others, or of names: `functools.partial`, `partialmethod`, and those that `operator` makes
 * (`itemgetter`, `attrgetter`, `methodcaller`); and `weakref.ref`, which is called for what it is of. Boundary: what they are made of is in their fields and in `flow.partialArguments`.
 */

import type { Node } from "../../graph/graph.ts";
import type { Passed } from "../arguments.ts";
import { loadAttribute } from "../attributes.ts";
import { invoke } from "../calls.ts";
import { addMade, elementInto, newContainer, readItem } from "../containers.ts";
import { ANY, type Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import type { Value } from "../values.ts";
import { argument, listenTexts, type Model, type NativeCall } from "./container-methods.ts";

/** Makes a callable of a function and arguments. */
export function partial(type: string): Model {
  return (flow, frame, call) => {
    const [function_, ...rest] = call.args;
    if (!function_ || call.into === null) return;
    const value = flow.values.partial(type, `${frame.id}:${call.into}`);
    flow.graph.edge(function_.from, flow.field(value, "[0]"));
    for (const passed of rest) flow.graph.edge(passed.from, flow.field(value, ANY));
    flow.setPartialArguments(value, rest);
    addMade(flow, frame, call.into, value, call.line);
  };
}

/** Makes a callable of keys or names. */
export function getter(type: string): Model {
  return (flow, frame, call) => {
    if (call.into === null) return;
    const value = flow.values.partial(type, `${frame.id}:${call.into}`);
    for (const passed of call.args) flow.graph.edge(passed.from, flow.field(value, ANY));
    flow.setPartialArguments(value, call.args);
    addMade(flow, frame, call.into, value, call.line);
  };
}

/** Calls what was made so. */
export function invokePartial(flow: Flow, frame: Frame, callee: Value, call: NativeCall): void {
  const data = flow.data(callee);
  if (data.kind !== "partial") return;
  const made = flow.partialArguments(callee);
  const object = argument(call, 0);
  const get = GETTERS[data.type];
  if (data.type === "weakref.ref") {
    if (call.into !== null) flow.graph.edge(flow.field(callee, "[0]"), call.into);
  } else if (!get) invokeInner(flow, frame, callee, call, new Set());
  else if (object !== null) get(flow, frame, made, object, call);
}

/** Calls what a partial was made of, which may be a partial: of those that come round to themselves (`step = partial(step)`) each once. */
function invokeInner(flow: Flow, frame: Frame, callee: Value, { args, into, line }: NativeCall, around: ReadonlySet<Value>): void {
  const all = [...flow.partialArguments(callee), ...args];
  const inside = new Set([...around, callee]);
  flow.graph.listen(flow.field(callee, "[0]"), (inner) => {
    if (inside.has(inner)) return;
    const data = flow.data(inner);
    if (data.kind === "partial" && data.type === "functools.partial") invokeInner(flow, frame, inner, { args: all, into, line }, inside);
    else invoke(flow, frame, inner, all, into, line);
  });
}

type Getter = (flow: Flow, frame: Frame, made: readonly Passed[], object: Node, call: NativeCall) => void;

const GETTERS: Readonly<Record<string, Getter>> = {
  "operator.itemgetter": (flow, frame, made, object, call) =>
    getEach(flow, frame, made, call, (key, into) => readItem(flow, frame, { object, key: null, keyFrom: key }, into, call.line)),
  "operator.attrgetter": (flow, frame, made, object, call) =>
    getEach(flow, frame, made, call, (name, into) =>
      listenTexts(flow, name, (path) => loadPath(flow, frame, object, path.split("."), into, call.line)),
    ),
  "operator.methodcaller": (flow, frame, made, object, call) => {
    const [name, ...args] = made;
    listenTexts(flow, name?.from ?? null, (text) => {
      const method = flow.graph.allocate(1);
      loadAttribute(flow, frame, object, text, method, call.line);
      flow.graph.listen(method, (callee) => invoke(flow, frame, callee, args, call.into, call.line, method));
    });
  },
};

/** What is got by one key, or a tuple of what is got by several. */
function getEach(flow: Flow, frame: Frame, made: readonly Passed[], call: NativeCall, get: (key: Node, into: Node) => void): void {
  if (call.into === null) return;
  const [only, ...others] = made;
  if (only && others.length === 0) {
    get(only.from, call.into);
    return;
  }
  const tuple = newContainer(flow, frame, "builtins.tuple", call.line, ":got");
  for (const [index, { from }] of made.entries()) get(from, elementInto(flow, tuple, String(index)));
  addMade(flow, frame, call.into, tuple, call.line);
}

function loadPath(flow: Flow, frame: Frame, object: Node, path: readonly string[], into: Node, line: number): void {
  let from = object;
  path.forEach((name, index) => {
    const to = index === path.length - 1 ? into : flow.graph.allocate(1);
    loadAttribute(flow, frame, from, name, to, line);
    from = to;
  });
}

/** What a `partialmethod` in a class is to an object of it: the method, with the arguments that it was made with. */
export function bindPartialMethod(flow: Flow, value: Value, receiver: Value, into: Node, source: Node): void {
  const bound = flow.values.partial("functools.partial", `${value} of ${receiver}`);
  flow.setPartialArguments(bound, flow.partialArguments(value));
  flow.graph.listen(flow.field(value, "[0]"), (function_) => {
    if (flow.data(function_).kind !== "function") return;
    flow.graph.add(flow.field(bound, "[0]"), flow.values.method(function_, receiver), source);
  });
  flow.graph.edge(flow.field(value, ANY), flow.field(bound, ANY));
  flow.graph.add(into, bound, source);
}
