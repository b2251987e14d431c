/**
 * Decorators. Over a function: the name holds the function and what was wrapped around it. A decorator whose wrapper does anything of its own
 * runs for each function alone, so that the wrapper of one calls no other. What a wrapper hands on (`function(*args)`) the function gets from those who call it, for
 * they call both. Over a class: the name holds the class, and another that the decorator makes of it. Boundary: wrappers are functions that the
 * decorator makes; whatever else it gives is taken to be what it was given.
 */
import type { Argument, Code, Instruction, Register } from "../../../../python/code.ts";
import type { Resolver } from "../../../../python/resolve.ts";
import type { Node } from "../../graph/graph.ts";
import type { Passed } from "../arguments.ts";
import { initialise, invoke, invokeFunction } from "../calls.ts";
import { addMade } from "../containers.ts";
import type { Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { originsOf, type RegisterOrigin } from "../register-origins.ts";
import type { Value } from "../values.ts";
import { nameDescriptor } from "./descriptors.ts";

type Call = Extract<Instruction, { readonly op: "call" }>;

/** So many wrappers around each other are told apart: a decorator may decorate what it makes by itself. */
const DEEPEST = 3;

/** Functions that say themselves how they are bound. */
const BOUND = /(property|(^|\.)(staticmethod|classmethod|getter|setter|deleter))$/;

/** Adds what a decorator makes of the functions that reach it; a `binding` one says how they are bound. */
export function decorate(flow: Flow, frame: Frame, instruction: Call, kind: "plain" | "binding"): void {
  const { graph } = flow;
  const { base } = frame;
  const { line } = instruction;
  const from = base + instruction.arguments[0]!.from;
  const into = base + instruction.into;
  const callee = base + instruction.callee;
  if (kind === "binding") bindWrapped(flow, frame, { from, into, callee, line });
  else if (!givesDescriptors(flow, frame, instruction)) graph.edge(from, into);
  graph.listen(callee, (decorator) => {
    if (isDescriptorClass(flow, decorator)) {
      graph.listen(from, (decorated) => describe(flow, frame, decorator, decorated, into, line));
      return;
    }
    const isWrapping = isPython(flow, decorator);
    const given = isWrapping ? graph.allocate(1) : null;
    invoke(flow, frame, decorator, [positional(from)], given, line, callee);
    if (given === null) return;
    let isFound = false;
    graph.listen(given, (value) => {
      const data = flow.data(value);
      if (isFound || (data.kind !== "descriptor" && (data.kind !== "function" || data.outer === null || !isWrapper(data.code)))) return;
      isFound = true;
      graph.listen(from, (decorated) => wrap(flow, frame, decorator, decorated, into, line));
    });
  });
}

/** Adds the class that is decorated, and another that a decorator makes of it. */
export function decorateClass(flow: Flow, frame: Frame, instruction: Call): void {
  const { graph } = flow;
  const from = frame.base + instruction.arguments[0]!.from;
  const into = frame.base + instruction.into;
  const callee = frame.base + instruction.callee;
  graph.edge(from, into);
  graph.listen(callee, (decorator) => {
    const given = isPython(flow, decorator) ? graph.allocate(1) : null;
    invoke(flow, frame, decorator, [positional(from)], given, instruction.line, callee);
    if (given === null) return;
    graph.listen(given, (value) => {
      const data = flow.data(value);
      // One that only registers gives every class that it is over: of those each name keeps its own.
      if (data.kind === "class" && data.code.parent?.kind === "function") graph.add(into, value, given);
    });
  });
}

/** Whether a name at the top of a module may hold another class than its own: a decorator makes one. */
export function mayNameAnother({ resolver }: Flow, code: Code): boolean {
  const { parent, decorators, unit } = code;
  if (parent?.kind !== "module" || decorators.length === 0) return false;
  const asked = replaced.get(resolver) ?? new WeakMap<Code, boolean>();
  replaced.set(resolver, asked);
  const known = asked.get(code);
  if (known !== undefined) return known;
  const found = decorators.some((decorator) =>
    resolver.path(unit, decorator.split(".")).some((each) => each.kind === "function" && MAKES_CLASS.test(each.code.text)),
  );
  asked.set(code, found);
  return found;
}

const replaced = new WeakMap<Resolver, WeakMap<Code, boolean>>();

const MAKES_CLASS = /^[ \t]+class[ \t]/m;

/**
 * Whether a function that a decorator makes calls what it is around, and does anything else: most check arguments, or warn. What calls nothing
 * that it has from outside is a decorator itself, for when this one is called with settings.
 */
function isWrapper(code: Code): boolean {
  const { instructions, parameters, isGenerator, writesReceiver } = code.body;
  // What a decorator is told, beside the function, it may have been told for every other: numpy's dispatchers are 180 functions.
  const given = code.parent?.body.parameters ?? [];
  const isOfWrapped = (register: Register) =>
    originsOf(code, register).some((origin) => origin.op === "outer" && origin.hops === 1 && given.includes(origin.register));
  if (!instructions.some((instruction) => instruction.op === "call" && isOfWrapped(instruction.callee))) return false;
  if (isGenerator || writesReceiver) return true;
  return instructions.some((instruction) => {
    switch (instruction.op) {
      case "store":
      case "function":
      case "class":
        return true;
      case "set-item":
        // Arguments are given their names: `named[name] = value`.
        return instruction.key !== null || !parameters.includes(instruction.object);
      case "call":
        return !isOfWrapped(instruction.callee) && instruction.arguments.some((argument) => isReceiver(code, argument));
      case "return":
        return originsOf(code, instruction.from).some((origin) => !(origin.op === "call" && isOfWrapped(origin.callee)));
      default:
        return false;
    }
  });
}

/** Whether what is read under the name is what a descriptor gives, and never the function: a class with a `__get__`, or a function that gives properties. */
function givesDescriptors(flow: Flow, frame: Frame, { callee }: Call): boolean {
  const origins = originsOf(frame.code, callee);
  const names = origins.flatMap((origin) => (origin.op === "name" ? [origin.name] : []));
  if (names.length === 0 || names.length < origins.length) return false;
  return names.every((name) => {
    const found = flow.resolver.name(frame.code.unit, name);
    return (
      found.length > 0 &&
      found.every((definition) => {
        if (definition.kind === "class") return flow.classes.definerOf(definition.code, "__get__") !== null;
        return definition.kind === "function" && givesProperties(definition.code);
      })
    );
  });
}

/** Whether a function gives nothing but properties. */
function givesProperties(code: Code): boolean {
  const { instructions } = code.body;
  const given = instructions.flatMap((instruction) => (instruction.op === "return" ? originsOf(code, instruction.from) : []));
  const isProperty = (origin: RegisterOrigin): boolean => {
    if (origin.op === "function") return origin.code.decorators.some((decorator) => /(^|\.)(cached_?)?property$/.test(decorator));
    const makers = origin.op === "call" ? originsOf(code, origin.callee) : [];
    if (origin.op === "call" && origin.decorator !== undefined)
      return origin.arguments.some(({ from }) => originsOf(code, from).some(isProperty));
    return makers.length > 0 && makers.every((maker) => maker.op === "name" && maker.name === "property");
  };
  return given.length > 0 && given.every(isProperty);
}

function isDescriptorClass(flow: Flow, decorator: Value): boolean {
  const data = flow.data(decorator);
  return data.kind === "class" && flow.isOfLibrary(data.code) && flow.classes.definerOf(data.code, "__get__") !== null;
}

/** Makes the descriptor of one function: each has its own, so that one object is not given what another's functions give. */
function describe(flow: Flow, frame: Frame, class_: Value, decorated: Value, into: Node, line: number): void {
  const { graph } = flow;
  const [data, function_] = [flow.data(class_), flow.data(decorated)];
  if (data.kind !== "class") return;
  const value = flow.values.instance(data.code, function_.kind === "function" ? function_.code : null);
  const [argument, made] = [graph.allocate(1), graph.allocate(1)];
  addMade(flow, frame, argument, decorated, line);
  addMade(flow, frame, made, value, line);
  flow.objects.noteMade(value, data.code);
  initialise(flow, frame, value, [positional(argument)], line);
  if (frame.code.kind === "class" && function_.kind === "function") nameDescriptor(flow, frame, function_.code.name, made, line);
  graph.edge(made, into);
}

/** Whether an argument is the object on which a wrapper is called: `self`, or `args[0]`. */
function isReceiver(code: Code, { kind, from }: Argument): boolean {
  const [first] = code.body.parameters;
  if (first === undefined || kind !== "positional") return false;
  if (code.parameters[0]?.kind !== "star") return from === first;
  return originsOf(code, from).some((origin) => origin.op === "item" && origin.object === first && origin.key === "0");
}

/** The function under a binding decorator is bound as its own decorators say, and what was wrapped around it by this one. */
function bindWrapped(
  flow: Flow,
  frame: Frame,
  { from, into, callee, line }: { readonly from: Node; readonly into: Node; readonly callee: Node; readonly line: number },
): void {
  const { graph } = flow;
  const wrappers = graph.allocate(1);
  const given = graph.allocate(1);
  graph.listen(from, (value) => {
    const data = flow.data(value);
    const isOriginal = data.kind === "function" && data.code.decorators.some((decorator) => BOUND.test(decorator));
    graph.add(isOriginal ? into : wrappers, value, from);
  });
  graph.listen(callee, (decorator) => {
    if (flow.data(decorator).kind === "external") invoke(flow, frame, decorator, [positional(wrappers)], given, line, callee);
  });
  graph.listen(given, (value) => {
    if (flow.data(value).kind === "descriptor") graph.add(into, value, given);
  });
}

function isPython(flow: Flow, decorator: Value): boolean {
  const { kind } = flow.data(decorator);
  return kind === "function" || kind === "method" || kind === "instance";
}

/** Runs a decorator for one function. */
function wrap(flow: Flow, frame: Frame, decorator: Value, decorated: Value, into: Node, line: number): void {
  const { graph } = flow;
  const argument = graph.allocate(1);
  const given = graph.allocate(1);
  addMade(flow, frame, argument, decorated, line);
  const context = depthOf(flow, decorated) < DEEPEST ? decorated : null;
  const run = (function_: Value, receiver: Value | null) =>
    invokeFunction(flow, frame, function_, receiver, [positional(argument)], given, receiver, context);
  const data = flow.data(decorator);
  if (data.kind === "function") run(decorator, null);
  else if (data.kind === "method") run(data.function, data.receiver);
  else if (data.kind === "instance") {
    const definer = flow.classes.definerOf(data.code, "__call__");
    if (definer) graph.listen(flow.field(flow.classValue(definer), "__call__"), (function_) => run(function_, decorator));
  }
  graph.listen(given, (value) => {
    const made = flow.data(value);
    if (made.kind === "descriptor") graph.add(into, value, given);
    if (made.kind === "function" && made.outer?.context === decorated && isWrapper(made.code)) graph.add(into, value, given);
  });
}

function positional(from: Node): Passed {
  return { kind: "positional", from };
}

/** How many decorators made what a decorator is given. */
function depthOf(flow: Flow, function_: Value): number {
  const data = flow.data(function_);
  const context = data.kind === "function" ? data.outer?.context : null;
  return context != null && flow.data(context).kind === "function" ? depthOf(flow, context) + 1 : 0;
}

/** Whether a value is the function that what runs was wrapped around. */
export function isWrapped(flow: Flow, { outer }: Frame, callee: Value): boolean {
  return outer !== null && (outer.context === callee || outer.outer?.context === callee) && flow.data(callee).kind === "function";
}

/** Calls the function that a wrapper is around, of the object on which the wrapper was called. */
export function callWrapped(flow: Flow, frame: Frame, callee: Value, args: readonly Argument[], into: Node): void {
  const { base, code, receiver } = frame;
  const star = code.parameters.findIndex(({ kind }) => kind === "star");
  const isHandedOn = ({ kind, from }: Argument) => kind === "star" && from === code.body.parameters[star] && isOnlyGiven(code, from);
  const [first] = args;
  const isOnReceiver =
    receiver !== null &&
    first !== undefined &&
    (star === 0 ? isHandedOn(first) : first.kind === "positional" && first.from === code.body.parameters[0]);
  const rest = (isOnReceiver && star !== 0 ? args.slice(1) : args).filter((argument) => !isHandedOn(argument));
  const passed = rest.map(({ kind, name, from }): Passed => ({ kind, name, from: base + from }));
  invokeFunction(flow, frame, callee, isOnReceiver ? receiver : null, passed, into);
}

/** Whether a parameter holds what it is given and nothing else. */
function isOnlyGiven({ body }: Code, register: Register): boolean {
  return !body.instructions.some((instruction) => "into" in instruction && instruction.into === register);
}
