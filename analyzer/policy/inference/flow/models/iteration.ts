/**
 * Builtins and functions of `itertools`, `functools`, `heapq` and `random` that take what others iterate over: what they give of it, and which
 * functions they call with it. What an iterator gives is kept as in a list. Boundary: mappings are `mappings.ts`.
 */

import type { Node } from "../../graph/graph.ts";
import type { Passed } from "../arguments.ts";
import { invoke } from "../calls.ts";
import { addMade, elementInto, iterate, newContainer } from "../containers.ts";
import { ANY, type Flow, KEYS, SOME } from "../flow.ts";
import type { Frame } from "../frame.ts";
import type { Value } from "../values.ts";
import { argument, type Model, type NativeCall } from "./container-methods.ts";

/** What iterating over the positional arguments from `first` on gives, and over what `*arguments` hands over, goes into a node. */
function iterateFrom(flow: Flow, frame: Frame, call: NativeCall, first: number, into: Node): void {
  call.args.forEach((passed, index) => {
    if (index < first || passed.kind === "keyword" || passed.kind === "double-star") return;
    if (passed.kind === "positional") iterate(flow, frame, passed.from, into, call.line);
    else iterateTwice(flow, frame, passed.from, into, call.line);
  });
}

function iterateTwice(flow: Flow, frame: Frame, from: Node, into: Node, line: number): void {
  const inner = flow.graph.allocate(1);
  iterate(flow, frame, from, inner, line);
  iterate(flow, frame, inner, into, line);
}

/** A container that was made here and given; null where nobody takes it. */
function give(flow: Flow, frame: Frame, call: NativeCall, type: string, mark = ""): Value | null {
  if (call.into === null) return null;
  const value = newContainer(flow, frame, type, call.line, mark);
  addMade(flow, frame, call.into, value, call.line);
  return value;
}

/** Where what a list that is given holds is put. */
function giveList(flow: Flow, frame: Frame, call: NativeCall, mark = ""): Node | null {
  const list = give(flow, frame, call, "builtins.list", mark);
  return list === null ? null : elementInto(flow, list, null);
}

/** A list of tuples that is given; the tuple. */
function giveTuples(flow: Flow, frame: Frame, call: NativeCall, mark: string): Value | null {
  const into = giveList(flow, frame, call, mark);
  if (into === null) return null;
  const tuple = newContainer(flow, frame, "builtins.tuple", call.line, `${mark} element`);
  addMade(flow, frame, into, tuple, call.line);
  return tuple;
}

/** Calls every function in a node with elements. */
function callWith(flow: Flow, frame: Frame, function_: Node | null, args: readonly Passed[], into: Node | null, line: number): void {
  if (function_ !== null) flow.graph.listen(function_, (callee) => invoke(flow, frame, callee, args, into, line));
}

/** Gives a container with the elements of its arguments from `first` on. */
export function collect(type: string, first = 0): Model {
  return (flow, frame, call) => {
    const value = give(flow, frame, call, type);
    if (value !== null) iterateFrom(flow, frame, call, first, elementInto(flow, value, null));
  };
}

/** Gives a list of those elements of its second argument for which its first, a function, is true. */
export function select(flow: Flow, frame: Frame, call: NativeCall): void {
  const into = giveList(flow, frame, call);
  if (into === null) return;
  iterateFrom(flow, frame, call, 1, into);
  callWith(flow, frame, argument(call, 0), [{ kind: "positional", from: into }], null, call.line);
}

/** Gives a list of the elements of its first argument alone: what the others say is which, or how many. */
export function take(index: number): Model {
  return (flow, frame, call) => {
    const from = argument(call, index, "iterable");
    const into = giveList(flow, frame, call);
    if (from === null || into === null) return;
    iterate(flow, frame, from, into, call.line);
    callWith(flow, frame, argument(call, -1, "key"), [{ kind: "positional", from: into }], null, call.line);
  };
}

/** Gives an element of one argument. */
export function element(index: number): Model {
  return (flow, frame, call) => {
    const from = argument(call, index);
    if (from !== null && call.into !== null) iterate(flow, frame, from, call.into, call.line);
  };
}

/** `next(iterator, default)`, `sum(iterable, start)`. */
export function elementOr(flow: Flow, frame: Frame, call: NativeCall): void {
  element(0)(flow, frame, call);
  const other = argument(call, 1, "start");
  if (other !== null && call.into !== null) flow.graph.edge(other, call.into);
}

/** `max(iterable, key=, default=)`, `max(one, other, key=)`. */
export function extreme(flow: Flow, frame: Frame, call: NativeCall): void {
  const { line } = call;
  const elements = flow.graph.allocate(1);
  const positional = call.args.filter(({ kind }) => kind === "positional");
  for (const { kind, from } of call.args) {
    if (kind === "star") iterate(flow, frame, from, elements, line);
    else if (kind === "positional" && positional.length === 1) iterate(flow, frame, from, elements, line);
    else if (kind === "positional") flow.graph.edge(from, elements);
  }
  callWith(flow, frame, argument(call, -1, "key"), [{ kind: "positional", from: elements }], null, line);
  if (call.into === null) return;
  flow.graph.edge(elements, call.into);
  const fallback = argument(call, -1, "default");
  if (fallback !== null) flow.graph.edge(fallback, call.into);
}

/** `iter(iterable)`; `iter(function, sentinel)` is what the function gives each time. */
export function iterator(flow: Flow, frame: Frame, call: NativeCall): void {
  if (call.args.length === 1) collect("builtins.list")(flow, frame, call);
  else callWith(flow, frame, argument(call, 0), [], giveList(flow, frame, call), call.line);
}

/** `zip`, `itertools.product` and `zip_longest`: a list of tuples with one element of each argument. */
export function zip(flow: Flow, frame: Frame, call: NativeCall): void {
  if (call.into === null) return;
  const list = newContainer(flow, frame, "builtins.list", call.line, ":zip");
  const tuple = newContainer(flow, frame, "builtins.tuple", call.line, ":zipped");
  call.args.forEach((passed, index) => {
    if (passed.kind === "star") transpose(flow, frame, passed.from, list, call.line);
    else if (passed.kind === "positional") iterate(flow, frame, passed.from, elementInto(flow, tuple, String(index)), call.line);
    else if (passed.name === "fillvalue") flow.graph.edge(passed.from, elementInto(flow, tuple, null));
    else if (passed.name === "repeat") flow.graph.edge(flow.field(tuple, ANY), elementInto(flow, tuple, null));
  });
  addMade(flow, frame, elementInto(flow, list, null), tuple, call.line);
  addMade(flow, frame, call.into, list, call.line);
}

/** `zip(*pairs)`: a tuple of what the pairs have first, a tuple of what they have second. */
function transpose(flow: Flow, frame: Frame, pairs: Node, into: Value, line: number): void {
  const pair = flow.graph.allocate(1);
  iterate(flow, frame, pairs, pair, line);
  const gather = (name: string, from: Node) => {
    const tuple = newContainer(flow, frame, "builtins.tuple", line, `:zipped${name}`);
    flow.graph.edge(from, elementInto(flow, tuple, null));
    addMade(flow, frame, elementInto(flow, into, name === SOME ? null : name.slice(1, -1)), tuple, line);
  };
  flow.graph.listen(pair, (value) => {
    const { kind } = flow.data(value);
    if (kind === "open") gather(SOME, pair);
    else if (kind === "container")
      flow.listenFields(value, (name, node) => {
        if (name !== ANY && name !== KEYS) gather(name, node);
      });
  });
}

/** `itertools.combinations(iterable, n)` and its like: a list of tuples of the elements, whichever place each has. */
export function tuplesOf(flow: Flow, frame: Frame, call: NativeCall): void {
  const from = argument(call, 0, "iterable");
  const tuple = giveTuples(flow, frame, call, ":tuples");
  if (from !== null && tuple !== null) iterate(flow, frame, from, elementInto(flow, tuple, null), call.line);
}

export function enumerate(flow: Flow, frame: Frame, call: NativeCall): void {
  const from = argument(call, 0, "iterable");
  const tuple = giveTuples(flow, frame, call, ":enumerate");
  if (from !== null && tuple !== null) iterate(flow, frame, from, elementInto(flow, tuple, "1"), call.line);
}

/** `itertools.groupby(iterable, key)`: pairs of what the key gives and the elements for which it does. */
export function groupBy(flow: Flow, frame: Frame, call: NativeCall): void {
  const from = argument(call, 0, "iterable");
  const pair = giveTuples(flow, frame, call, ":groupby");
  if (from === null || pair === null) return;
  const group = newContainer(flow, frame, "builtins.list", call.line, ":group");
  const elements = elementInto(flow, group, null);
  iterate(flow, frame, from, elements, call.line);
  addMade(flow, frame, elementInto(flow, pair, "1"), group, call.line);
  const key = argument(call, 1, "key");
  if (key === null) flow.graph.edge(elements, elementInto(flow, pair, "0"));
  else callWith(flow, frame, key, [{ kind: "positional", from: elements }], elementInto(flow, pair, "0"), call.line);
}

/** `itertools.tee(iterable, n)`: a tuple of iterators over the same. */
export function tee(flow: Flow, frame: Frame, call: NativeCall): void {
  const from = argument(call, 0);
  const tuple = give(flow, frame, call, "builtins.tuple", ":tee");
  if (from === null || tuple === null) return;
  const each = newContainer(flow, frame, "builtins.list", call.line, ":tee element");
  iterate(flow, frame, from, elementInto(flow, each, null), call.line);
  addMade(flow, frame, elementInto(flow, tuple, null), each, call.line);
}

/** `map(function, *iterables)`: a list of what the function gives for the elements. `first`: the position of the function. */
export function map(flow: Flow, frame: Frame, call: NativeCall): void {
  const [function_, ...sources] = call.args;
  const into = giveList(flow, frame, call);
  if (!function_ || into === null) return;
  const args = sources.flatMap((source): Passed[] => {
    if (source.kind !== "positional") return [];
    const node = flow.graph.allocate(1);
    iterate(flow, frame, source.from, node, call.line);
    return [{ kind: "positional", from: node }];
  });
  callWith(flow, frame, function_.from, args, into, call.line);
}

/** `itertools.starmap(function, tuples)`. */
export function starMap(flow: Flow, frame: Frame, call: NativeCall): void {
  const from = argument(call, 1);
  const into = giveList(flow, frame, call);
  if (from === null || into === null) return;
  const arguments_ = flow.graph.allocate(1);
  iterate(flow, frame, from, arguments_, call.line);
  callWith(flow, frame, argument(call, 0), [{ kind: "star", from: arguments_ }], into, call.line);
}

/** Calls a function with what it gave before, or a first value, and an element. Whatever it may have given so far goes into a node. */
function fold(flow: Flow, frame: Frame, call: NativeCall, function_: Node | null, from: Node | null, first: Node | null, into: Node): void {
  if (first !== null) flow.graph.edge(first, into);
  if (from === null) return;
  const next = flow.graph.allocate(1);
  iterate(flow, frame, from, next, call.line);
  flow.graph.edge(next, into);
  const args = [into, next].map((node) => ({ kind: "positional" as const, from: node }));
  callWith(flow, frame, function_, args, into, call.line);
}

/** `functools.reduce(function, iterable, initial)`. */
export function reduce(flow: Flow, frame: Frame, call: NativeCall): void {
  const result = flow.graph.allocate(1);
  fold(flow, frame, call, argument(call, 0), argument(call, 1, "iterable"), argument(call, 2, "initial"), result);
  if (call.into !== null) flow.graph.edge(result, call.into);
}

/** `itertools.accumulate(iterable, function, initial=)`. */
export function accumulate(flow: Flow, frame: Frame, call: NativeCall): void {
  const into = giveList(flow, frame, call);
  if (into === null) return;
  fold(flow, frame, call, argument(call, 1, "func"), argument(call, 0, "iterable"), argument(call, -1, "initial"), into);
}

/** `itertools.repeat(object)`, which a pickle holds as itself. */
export function repeat(flow: Flow, frame: Frame, call: NativeCall): void {
  const from = argument(call, 0, "object");
  const value = give(flow, frame, call, "itertools.repeat");
  if (from !== null && value !== null) flow.store(from, elementInto(flow, value, null), frame.code, call.line);
}

/** `chain.from_iterable(iterables)`, `heapq.merge(*iterables)`. */
export function flatten(flow: Flow, frame: Frame, call: NativeCall): void {
  const from = argument(call, 0, "iterable");
  const into = giveList(flow, frame, call);
  if (from !== null && into !== null) iterateTwice(flow, frame, from, into, call.line);
}

/** Puts its second argument into its first, a list: `heapq.heappush(heap, item)`, `bisect.insort(list, item)`. */
export function push(flow: Flow, frame: Frame, call: NativeCall): void {
  const to = argument(call, 0);
  const from = argument(call, 1);
  if (to === null || from === null) return;
  flow.graph.listen(to, (value) => {
    if (flow.data(value).kind === "container") flow.store(from, elementInto(flow, value, null), frame.code, call.line);
  });
}

/** `heapq.heappushpop(heap, item)`: puts one in and takes one out. */
export function exchange(flow: Flow, frame: Frame, call: NativeCall): void {
  push(flow, frame, call);
  element(0)(flow, frame, call);
}
