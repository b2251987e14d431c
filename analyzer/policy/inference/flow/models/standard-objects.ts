/**
 * Objects of the standard library that hand on what they are handed, by another of their methods: queues, executors, futures, pools, stacks of
 * contexts, picklers, parsers of arguments. None of them is pickled. What goes to another process by its own queue comes back as something else, and is not followed. Boundary: containers, which are, are `container-methods.ts`.
 */

import type { Passed } from "../arguments.ts";
import { invoke } from "../calls.ts";
import { addMade, elementInto, enter, newContainer } from "../containers.ts";
import { ANY, type Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import type { Value } from "../values.ts";
import { PARSER, PARSER_METHODS } from "./argument-parsers.ts";
import { argument, type Method, type Model, type NativeCall } from "./container-methods.ts";
import { map, starMap } from "./iteration.ts";
import { noteSave, PICKLER } from "./saves.ts";

/** Makes such an object. */
export function standardObject(type: string): Model {
  return (flow, frame, call) => {
    if (call.into !== null) addMade(flow, frame, call.into, newContainer(flow, frame, type, call.line), call.line);
  };
}

/** Makes one that gives its argument back, by a method or to `with`. */
export function wrapper(type: string): Model {
  return (flow, frame, call) => {
    const [from] = call.args;
    if (!from || call.into === null) return;
    const value = newContainer(flow, frame, type, call.line);
    flow.graph.edge(from.from, elementInto(flow, value, null));
    addMade(flow, frame, call.into, value, call.line);
  };
}

/** `threading.Thread(target=, args=, kwargs=)`: what it will call is called here. */
export function runTarget(first: number, function_: string): Model {
  return (flow, frame, call) => {
    const target = argument(call, first, function_);
    const args = argument(call, first === 1 ? 2 : 3, "args");
    const keywords = argument(call, first === 1 ? 3 : 4, "kwargs");
    const passed: Passed[] = [];
    if (args !== null) passed.push({ kind: "star", from: args });
    if (keywords !== null) passed.push({ kind: "double-star", from: keywords });
    if (target !== null) flow.graph.listen(target, (callee) => invoke(flow, frame, callee, passed, null, call.line));
  };
}

/** `executor.submit(function, *arguments)`: a future with what it gives. */
const submit: Method = (flow, frame, _receiver, call) => {
  const [function_, ...args] = call.args;
  if (function_) giveFuture(flow, frame, call, function_, args);
};

/** `pool.apply(function, arguments, keywords)`, at once or as a future. */
function apply(isFuture: boolean): Method {
  return (flow, frame, _receiver, call) => {
    const function_ = argument(call, 0, "func");
    const args = argument(call, 1, "args");
    const keywords = argument(call, 2, "kwds");
    if (function_ === null) return;
    const passed: Passed[] = [];
    if (args !== null) passed.push({ kind: "star", from: args });
    if (keywords !== null) passed.push({ kind: "double-star", from: keywords });
    if (isFuture) giveFuture(flow, frame, call, { kind: "positional", from: function_ }, passed);
    else flow.graph.listen(function_, (callee) => invoke(flow, frame, callee, passed, call.into, call.line));
  };
}

function giveFuture(flow: Flow, frame: Frame, call: NativeCall, function_: Passed, args: readonly Passed[]): void {
  const future = newContainer(flow, frame, FUTURE, call.line);
  const result = elementInto(flow, future, null);
  flow.graph.listen(function_.from, (callee) => invoke(flow, frame, callee, args, result, call.line));
  if (call.into !== null) addMade(flow, frame, call.into, future, call.line);
}

/** `pool.map_async(function, iterable)`: a future with the list that `map` gives. */
function later(model: Model): Method {
  return (flow, frame, _receiver, call) => {
    const future = newContainer(flow, frame, FUTURE, call.line);
    model(flow, frame, { ...call, into: elementInto(flow, future, null) });
    if (call.into !== null) addMade(flow, frame, call.into, future, call.line);
  };
}

function now(model: Model): Method {
  return (flow, frame, _receiver, call) => model(flow, frame, call);
}

const put: Method = (flow, frame, receiver, call) => {
  const from = argument(call, 0, "item");
  if (from !== null) flow.store(from, elementInto(flow, receiver, null), frame.code, call.line);
};

const giveElement: Method = (flow, _frame, receiver, call) => {
  if (call.into !== null) flow.graph.edge(flow.field(receiver, ANY), call.into);
};

const giveItself: Method = (flow, frame, receiver, call) => {
  if (call.into !== null) addMade(flow, frame, call.into, receiver, call.line);
};

/** `future.add_done_callback(function)`: it is called with the future. */
const callBack: Method = (flow, frame, receiver, call) => {
  const function_ = argument(call, 0);
  if (function_ === null) return;
  const node = flow.graph.allocate(1);
  addMade(flow, frame, node, receiver, call.line);
  const args = [{ kind: "positional" as const, from: node }];
  flow.graph.listen(function_, (callee) => invoke(flow, frame, callee, args, null, call.line));
};

/** `stack.callback(function, *arguments)`: it is called when the stack is left. */
const callInTheEnd: Method = (flow, frame, _receiver, call) => {
  const [function_, ...args] = call.args;
  if (function_) flow.graph.listen(function_.from, (callee) => invoke(flow, frame, callee, args, null, call.line));
};

const enterContext: Method = (flow, frame, _receiver, call) => {
  const from = argument(call, 0);
  if (from !== null && call.into !== null) enter(flow, frame, from, call.into, call.line);
};

/** `pickler.dump(object)`. */
const dump: Method = (flow, frame, _receiver, call) => noteSave(flow, frame, `${PICKLER}.dump`, call.args, call.line);

const FUTURE = "concurrent.futures.Future";
const QUEUE = { put, put_nowait: put, get: giveElement, get_nowait: giveElement };
const EXECUTOR = { submit, map: now(map), __enter__: giveItself };
const POOL = {
  map: now(map),
  imap: now(map),
  imap_unordered: now(map),
  starmap: now(starMap),
  map_async: later(map),
  starmap_async: later(starMap),
  apply: apply(false),
  apply_async: apply(true),
  __enter__: giveItself,
};
const STACK = { enter_context: enterContext, callback: callInTheEnd, pop_all: giveItself, __enter__: giveItself };
const FUTURES = { result: giveElement, get: giveElement, set_result: put, add_done_callback: callBack };
const CONTEXT = { __enter__: giveElement };

const TYPES: Readonly<Record<string, Readonly<Record<string, Method>>>> = {
  "queue.Queue": QUEUE,
  "concurrent.futures.Executor": EXECUTOR,
  "multiprocessing.Pool": POOL,
  [FUTURE]: FUTURES,
  "contextlib.ExitStack": STACK,
  "contextlib.closing": CONTEXT,
  "pickle.Pickler": { dump },
};

/** The method of such an object; undefined where the type is none of these, null where it has no such method that hands anything on. */
export function standardMethod(type: string, name: string): Method | null | undefined {
  const methods = type === PARSER ? PARSER_METHODS : TYPES[type];
  return methods === undefined ? undefined : (methods[name] ?? null);
}

/** What `with object as name` binds, of such an object. */
export function enterStandard(flow: Flow, frame: Frame, type: string, value: Value, call: NativeCall): boolean {
  const method = standardMethod(type, "__enter__");
  if (method) method(flow, frame, value, call);
  return method != null;
}
