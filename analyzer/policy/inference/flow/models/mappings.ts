/** Calls that make mappings: of mappings, pairs and keywords. Boundary: their methods are `container-methods.ts`. */
import { invoke } from "../calls.ts";
import { addMade, copyElements, copyInto, elementInto, iterate, newContainer } from "../containers.ts";
import { type Flow, KEYS } from "../flow.ts";
import type { Frame } from "../frame.ts";
import type { Value } from "../values.ts";
import { addPairs, argument, type Model, type NativeCall } from "./container-methods.ts";

/** A mapping made from a mapping or pairs, and keywords. `first` is the position of the content. */
export function mapping(type: string, first: number): Model {
  return (flow, frame, call) => {
    if (call.into === null) return;
    const value = newContainer(flow, frame, type, call.line);
    addMade(flow, frame, call.into, value, call.line);
    if (first > 0) makeDefault(flow, frame, value, call);
    const content = argument(call, first);
    if (content !== null) {
      flow.graph.listen(content, (from) => copyInto(flow, frame, from, value));
      addPairs(flow, frame, content, value, call.line);
    }
    for (const passed of call.args) {
      if (passed.kind === "keyword") flow.store(passed.from, elementInto(flow, value, passed.name ?? null), frame.code, call.line);
      else if (passed.kind === "double-star") flow.graph.listen(passed.from, (from) => copyInto(flow, frame, from, value));
    }
  };
}

/** The factory of a defaultdict is part of its pickle, and what it gives is in it. */
function makeDefault(flow: Flow, frame: Frame, value: Value, call: NativeCall): void {
  const factory = argument(call, 0, "default_factory");
  if (factory === null) return;
  flow.store(factory, flow.field(value, "default_factory"), frame.code, call.line);
  flow.graph.listen(factory, (callee) => invoke(flow, frame, callee, [], elementInto(flow, value, null), call.line));
}

/** `dict.fromkeys(keys, value)`. */
export function fromKeys(type: string): Model {
  return (flow, frame, call) => {
    if (call.into === null) return;
    const value = newContainer(flow, frame, type, call.line);
    addMade(flow, frame, call.into, value, call.line);
    fillFromKeys(flow, frame, value, call);
  };
}

/** Puts what `fromkeys` is called with into a mapping. */
export function fillFromKeys(flow: Flow, frame: Frame, mapping: Value, call: NativeCall): void {
  const keys = argument(call, 0, "iterable");
  const value = argument(call, 1, "value");
  if (keys !== null) iterate(flow, frame, keys, flow.field(mapping, KEYS), call.line);
  if (value !== null) flow.store(value, elementInto(flow, mapping, null), frame.code, call.line);
}

/** `collections.Counter(iterable)` counts what it gives; of a mapping it has the keys. */
export function counter(flow: Flow, frame: Frame, call: NativeCall): void {
  if (call.into === null) return;
  const value = newContainer(flow, frame, "collections.Counter", call.line);
  addMade(flow, frame, call.into, value, call.line);
  const content = argument(call, 0);
  if (content !== null) iterate(flow, frame, content, flow.field(value, KEYS), call.line);
}

/** `collections.ChainMap(*maps)`: it has what they have, and is pickled with them. */
export function chainMap(flow: Flow, frame: Frame, call: NativeCall): void {
  if (call.into === null) return;
  const value = newContainer(flow, frame, CHAIN_MAP, call.line);
  const maps = newContainer(flow, frame, "builtins.list", call.line, ":maps");
  const all = elementInto(flow, maps, null);
  addMade(flow, frame, flow.field(value, "maps"), maps, call.line);
  for (const passed of call.args) {
    if (passed.kind === "positional") flow.store(passed.from, all, frame.code, call.line);
    else if (passed.kind === "star") iterate(flow, frame, passed.from, all, call.line);
  }
  flow.graph.listen(all, (map) => copyElements(flow, map, value));
  addMade(flow, frame, call.into, value, call.line);
}

export const CHAIN_MAP = "collections.ChainMap";
