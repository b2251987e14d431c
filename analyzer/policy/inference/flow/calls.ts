/**
 * What calling a value does: results flow back, classes make objects (arguments flow to parameters in `arguments.ts`). Boundary: what is not
 * written in Python is modelled in `functions.ts`.
 */
import { type Code, functionsNamed, type Instruction } from "../../../python/code.ts";
import { IS_UNKNOWN } from "../../../python/constant-kinds.ts";
import type { Node } from "../graph/graph.ts";
import { annotatedNode, bindArguments, type Passed } from "./arguments.ts";
import { fillNamespace } from "./attributes.ts";
import type { OpenValue } from "./callers/open-values.ts";
import { leaveOpen } from "./callers/open-values.ts";
import { callWrapped, decorate, decorateClass, isWrapped } from "./classes/decorators.ts";
import { isEnumeration } from "./classes/enumerations.ts";
import { keepArguments } from "./classes/exceptions.ts";
import { initialiseFields, isTypedDict } from "./classes/fields.ts";
import { callMetaclass } from "./classes/metaclasses.ts";
import { addMade, callMethod, copyElements, elementInto, iterate } from "./containers.ts";
import { ANY, type Flow, SOME } from "./flow.ts";
import type { Frame } from "./frame.ts";
import { makeGenerator } from "./generators.ts";
import { builtinMethod, type NativeCall } from "./models/container-methods.ts";
import { callExternal, hasModel, isFieldMaker } from "./models/functions.ts";
import { addUnpickled, callsUnpickler, isUnpickler } from "./models/loaders.ts";
import { familyOf, holdsAttributes, isContainer, nativeType } from "./models/natives.ts";
import { callDelayed, runsDelayed } from "./models/parallel.ts";
import { invokePartial } from "./models/partials.ts";
import { noteSave } from "./models/saves.ts";
import { keepZone } from "./models/time-zones.ts";
import { originsOf } from "./register-origins.ts";
import { seedType } from "./types.ts";
import type { Value, ValueData } from "./values.ts";

export function call(flow: Flow, frame: Frame, instruction: Extract<Instruction, { readonly op: "call" }>): void {
  // Most of what is called in a large library is never known.
  let args: Passed[] | null = null;
  let receivers: SharedReceivers | null = null;
  if (instruction.decorator === "class") {
    decorateClass(flow, frame, instruction);
    return;
  }
  if (instruction.decorator !== undefined) {
    decorate(flow, frame, instruction, instruction.decorator);
    return;
  }
  flow.graph.kinds.taint(frame.base + instruction.callee, frame.base + instruction.into);
  flow.graph.listen(frame.base + instruction.callee, (callee) => {
    const { base } = frame;
    args ??= instruction.arguments.map(({ kind, name, from }): Passed => ({ kind, name, from: base + from }));
    const into = base + instruction.into;
    const data = flow.data(callee);
    if (!FOLLOWED.has(data.kind) && !(data.kind === "external" && isFieldMaker(data.name) && isFieldOfConstant(instruction)))
      flow.graph.kinds.mark(into, IS_UNKNOWN);
    if (isWrapped(flow, frame, callee)) callWrapped(flow, frame, callee, instruction.arguments, into);
    else if (data.kind === "method" && flow.data(data.receiver).kind === "class") {
      receivers ??= new SharedReceivers(flow);
      invokeFunction(flow, frame, data.function, data.receiver, args, into, receivers.receiverFor(data.function, data.receiver));
    } else invoke(flow, frame, callee, args, into, instruction.line, base + instruction.callee);
  });
}

/** What gives no constant that is not seen. */
const FOLLOWED: ReadonlySet<ValueData["kind"]> = new Set(["function", "method", "class"]);

/** Whether a field is made with a default, or none: what a factory gives is not followed. */
function isFieldOfConstant({ arguments: args }: Extract<Instruction, { readonly op: "call" }>): boolean {
  return args.every(({ kind, name }) => kind === "keyword" && name !== "default_factory" && name !== "factory" && name !== "converter");
}

/** Of so many classes that a call may find a dependency's classmethod on, each runs it on its own. */
const CLASSES_PER_CALL = 8;

/**
 * The classes on which one call may run classmethods. A call of `choose(name).load(...)` gives what any of them gives: beyond a
 * few, those that inherit the method from a dependency's class run it together, on behalf of that class.
 */
class SharedReceivers {
  private readonly counts = new Map<Value, number>();

  constructor(private readonly flow: Flow) {}

  /** On whose behalf it runs for a receiver. */
  receiverFor(function_: Value, receiver: Value): Value {
    const { flow } = this;
    const data = flow.data(function_);
    if (data.kind !== "function" || data.code.parent?.kind !== "class" || flow.isOfLibrary(data.code)) return receiver;
    const count = (this.counts.get(function_) ?? 0) + 1;
    this.counts.set(function_, count);
    return count > CLASSES_PER_CALL ? flow.classValue(data.code.parent) : receiver;
  }
}

/** Calls one value. Gives the node of the result where the value is a function of the analysed source that is followed. */
export function invoke(
  flow: Flow,
  frame: Frame,
  callee: Value,
  args: readonly Passed[],
  into: Node | null,
  line: number,
  source?: Node,
): Node | null {
  const { graph } = flow;
  const data = flow.data(callee);
  switch (data.kind) {
    case "function":
      noteSave(flow, frame, flow.nameOf(data.code), args, line);
      return invokeFunction(flow, frame, callee, null, args, into);
    case "method":
      return invokeFunction(flow, frame, data.function, data.receiver, args, into);
    case "class":
      if (!callMetaclass(flow, frame, callee, "__call__", args, into, line)) construct(flow, frame, data.code, args, into, line);
      return null;
    case "instance":
      callObject(flow, frame, callee, args, into, line);
      return null;
    case "partial":
      invokePartial(flow, frame, callee, { args, into, line });
      return null;
    case "derived-class": {
      // A new type gives what it is called with.
      if (data.base === "typing.NewType") {
        const [from] = args;
        if (from && into !== null) graph.edge(from.from, into);
        return null;
      }
      const value = flow.values.derived(callee);
      if (into !== null) addMade(flow, frame, into, value, line);
      for (const passed of args) if (passed.kind !== "double-star") graph.edge(passed.from, flow.field(value, ANY));
      return null;
    }
    case "external":
      noteSave(flow, frame, data.name, args, line);
      callExternal(flow, frame, data.name, { args, into, line });
      return null;
    case "builtin-method":
      builtinMethod(flow, frame, data.name, data.receiver, { args, into, line });
      return null;
    case "native":
      for (const type of [data.type, ...familyOf(data.type)])
        if (into !== null && source !== undefined) graph.add(into, flow.values.native(type), source);
      keepZone(flow, callee, args);
      return null;
    case "unanalysed":
      // Methods of what is not known mostly give the object itself (`model.to(device)`).
      if (into !== null && source !== undefined) graph.add(into, flow.values.unanalysed(data.name), source);
      return null;
    case "open":
      if (!data.isClass) flow.asked.of(data).attributes.add("__call__");
      if (into !== null && source !== undefined)
        graph.add(into, data.isClass ? flow.values.open(data.code, data.parameter) : givenBy(flow, data), source);
      return null;
    default:
      return null;
  }
}

/** What a function or class that a user passes gives is the user's, too: `self.activation = activation()`. */
function givenBy({ values }: Flow, { code, parameter }: OpenValue): Value {
  return values.open(code, parameter.endsWith("()") ? parameter : `${parameter}()`);
}

/**
 * Whether a call from one code into another is followed. The library always is. In dependencies the first step is, and
 * whatever writes its receiver (constructors, `add_module`): deeper, only what functions return is lost, and what they
 * return there has been measured not to matter, while following it does not end. What a reduction has made by a helper is in every pickle, and
 * what is a part of a function, of its object, or of its module, is no step; nor is a method that makes an object what it is for.
 */
function isFollowed(flow: Flow, frame: Frame, to: Code, receiver: Value | null): boolean {
  const from = frame.code;
  if (flow.isOfLibrary(to) || flow.isOfLibrary(from) || to.body.writesReceiver || writes(from)) return true;
  if (REDUCERS.has(from.name) || isPartOf(to, from)) return true;
  if (receiver !== null && (receiver === frame.receiver || isCompleted(flow, receiver, to))) return true;
  return frame.context !== null && flow.data(frame.context).kind === "class" && callsUnpickler(flow, to);
}

/** Whether a function, or one that it is written in, writes its receiver, or is what an object is made for to be called (`Builder(...)(...)`). */
function writes(code: Code): boolean {
  for (let around: Code | null = code; around?.kind === "function"; around = around.parent)
    if (around.body.writesReceiver || around.name === "__call__") return true;
  return false;
}

/** Whether a method completes the object that it is called on, whatever it calls for that. */
function isCompleted(flow: Flow, receiver: Value, { name }: Code): boolean {
  const data = flow.data(receiver);
  return data.kind === "instance" && flow.completing.has(data.code, name);
}

/** Whether a call goes no step deeper: a property is an attribute, a function inside another one a part of that, and a private or short one is its module's. */
function isPartOf(to: Code, from: Code): boolean {
  if (to.parent?.kind === "function" || to.decorators.includes("property")) return true;
  if (to.unit !== from.unit) return false;
  const isOfModule = to.parent?.kind === "module" || to.decorators.includes("staticmethod");
  return /^_(?!_)/.test(to.name) || (isOfModule && to.body.instructions.length <= SHORT);
}

/**
 * Instructions of a function that its own module may call without a step. At 80 sentence-transformers' class takes ten times as long, for
 * eighteen names.
 */
const SHORT = 40;

const REDUCERS = new Set(["__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__"]);

export function invokeFunction(
  flow: Flow,
  frame: Frame,
  callee: Value,
  receiver: Value | null,
  args: readonly Passed[],
  into: Node | null,
  /** On whose behalf it runs, where that is not the receiver alone. */
  behalf: Value | null = receiver,
  /** What it is made for, where it makes functions. */
  context: Value | null = null,
): Node | null {
  const { graph } = flow;
  const data = flow.data(callee);
  if (data.kind !== "function") return null;
  const { code, outer } = data;
  const name = flow.nameOf(code);
  if (code.unit.path.endsWith(".pyi")) {
    giveUnknown(flow, into);
    if (hasModel(name) || nativeType(name) !== null) callExternal(flow, frame, name, { args, into, line: code.line });
    else addDeclared(flow, code, into);
    return null;
  }
  if (isUnpickler(name)) {
    giveUnknown(flow, into);
    if (into !== null) addUnpickled(flow, frame, into, code.line);
    return null;
  }
  if (runsDelayed(name)) {
    giveUnknown(flow, into);
    callDelayed(flow, frame, { args, into, line: code.line });
    return null;
  }
  if (!isFollowed(flow, frame, code, receiver)) {
    flow.unseen.callFunction(code);
    giveUnknown(flow, into);
    if (into !== null) addResult(flow, name, into, frame, { args, line: code.line });
    return null;
  }
  // A function made inside another one runs on behalf of whoever made it.
  const activation = flow.frame(code, outer, behalf, context ?? behalf ?? (outer ? outer.context : frame.context));
  bindArguments(flow, activation, callee, receiver, args, frame);
  flow.assignedElements.noteCall(frame, activation);
  const { isGenerator } = code.body;
  const isContextManager = code.decorators.some((decorator) => decorator.endsWith("contextmanager"));
  if (isGenerator || isContextManager) {
    const generator = makeGenerator(flow, activation);
    if (into !== null) addMade(flow, activation, into, generator, code.line);
  } else if (into !== null) graph.edge(activation.result, into);
  return activation.result;
}

/** Of the constants that a call may give nothing is known. */
function giveUnknown({ graph }: Flow, into: Node | null): void {
  if (into !== null) graph.kinds.mark(into, IS_UNKNOWN);
}

/** What a function of a stub file returns is what it says; a stub describes code that is not Python. */
function addDeclared(flow: Flow, code: Code, into: Node | null): void {
  const { returns } = code;
  if (into !== null && returns !== null) seedType(flow, code, returns, into, { what: `returned by ${code.qualifiedName}`, isExact: true });
}

/** What a function that is not followed returns: its library's family, or something unknown. */
export function addResult(flow: Flow, name: string, into: Node, frame: Frame, { args, line }: Omit<NativeCall, "into">): void {
  const types = flow.familyOf(name);
  for (const type of types) {
    const value = flow.values.native(type);
    keepZone(flow, value, args);
    addMade(flow, frame, into, value, line);
  }
  if (types.length === 0) addMade(flow, frame, into, unknownResult(flow, frame, name), line);
}

/**
 * What a function gives that is not followed. Nothing is asked of it but what the library does with it, so that all that comes
 * from one distribution is one value: dozens of them would flow through the same variables. In a dependency it is the
 * dependency's, whatever it has it from.
 */
export function unknownResult(flow: Flow, { code }: Frame, name: string): Value {
  const from = flow.isOfLibrary(code) ? name : code.unit.module;
  return flow.values.unanalysed(`${from.split(".")[0]}()`);
}

/**
 * Activates a function as whoever uses the library would: nothing is known of its arguments but their defaults and, in
 * the library, their annotations.
 */
export function openCall(flow: Flow, callee: Value, receiver: Value | null): Frame | null {
  const data = flow.data(callee);
  if (data.kind !== "function") return null;
  const activation = flow.frame(data.code, data.outer, receiver);
  bindArguments(flow, activation, callee, receiver, []);
  flow.unseen.call(activation);
  if (!flow.isOfLibrary(data.code)) return activation;
  data.code.parameters.forEach((parameter, index) => {
    const register = data.code.body.parameters[index];
    if (parameter.annotation === null || register === undefined) return;
    const what = `parameter ${parameter.name} of ${data.code.qualifiedName}`;
    const into = annotatedNode(flow, activation, parameter, activation.base + register);
    seedType(flow, data.code, parameter.annotation, into, { what });
  });
  leaveOpen(flow, activation);
  return activation;
}

/** What `type` does when a class is called: makes an object of it; none of one that refuses to be made (`AutoModel()`, which is there for `from_pretrained`). */
export function construct(flow: Flow, frame: Frame, code: Code, args: readonly Passed[], into: Node | null, line: number): void {
  if (flow.classes.hasNoObjects(code)) return;
  if (isTypedDict(flow, code)) {
    callExternal(flow, frame, "builtins.dict", { args, into, line });
    return;
  }
  const [argument] = args;
  const giveAny = () => makeInstance(flow, frame, code, args, into, line);
  if (isEnumeration(flow, code) && into !== null && args.length === 1 && argument?.kind === "positional") {
    const source = flow.graph.origins.made(frame.code.unit.path, line);
    if (flow.enumerations.note({ code, argument: argument.from, into, source, giveAny })) return;
  }
  giveAny();
}

function makeInstance(flow: Flow, frame: Frame, code: Code, args: readonly Passed[], into: Node | null, line: number): void {
  const { graph, values } = flow;
  const value = values.instance(code, makerOf(flow, frame, code));
  if (into !== null) addMade(flow, frame, into, value, line);
  flow.objects.noteMade(value, code);
  const definer = flow.classes.definerOf(code, "__new__");
  if (!isPlainClass(flow, code)) giveUnknown(flow, into);
  if (definer) {
    const class_ = flow.classValue(code);
    graph.listen(flow.field(flow.classValue(definer), "__new__"), (function_) => {
      if (flow.data(function_).kind === "function") invokeFunction(flow, frame, function_, class_, args, into);
    });
  }
  keepArguments(flow, frame, value, args, line);
  initialise(flow, frame, value, args, line);
}

/** Whether calling a class gives an object of it. */
function isPlainClass(flow: Flow, code: Code): boolean {
  return flow.classes
    .orderOf(code)
    .every((base) => (typeof base === "string" ? base === "builtins.object" : base.metaclass === null && !base.members.has("__new__")));
}

/** `__init__`, or what stands for it in dataclasses, named tuples and containers. */
export function initialise(flow: Flow, frame: Frame, value: Value, args: readonly Passed[], line: number): void {
  const data = flow.data(value);
  if (data.kind !== "instance") return;
  const definer = flow.classes.definerOf(data.code, "__init__");
  if (definer) {
    const member = flow.field(flow.classValue(definer), "__init__");
    flow.graph.listen(member, (function_) => {
      if (flow.data(function_).kind === "function") invokeFunction(flow, frame, function_, value, args, null);
    });
    return;
  }
  initialiseFields(flow, frame, value, args, line);
  flow.derivedClasses.initialise(frame, value, data.code, args);
  const external = flow.classes.externalBases(data.code);
  if (external.some(holdsAttributes)) fillNamespace(flow, frame, value, { args, into: null, line });
  const container = external.find(isContainer);
  const [first] = args;
  if (!container) return;
  for (const { kind, name, from } of args) {
    if (kind === "keyword") flow.store(from, elementInto(flow, value, name ?? null), frame.code, line);
    else if (kind === "double-star") flow.graph.listen(from, (named) => copyElements(flow, named, value));
  }
  if (first?.kind !== "positional") return;
  flow.graph.listen(first.from, (content) => copyElements(flow, content, value));
  iterate(flow, frame, first.from, flow.field(value, SOME), line);
  flow.graph.edge(flow.field(value, SOME), flow.field(value, ANY));
}

/** The class of the object whose method makes this one; kept for classes of dependencies only. */
function makerOf(flow: Flow, frame: Frame, code: Code): Code | null {
  if (flow.isOfLibrary(code) || frame.receiver === null) return null;
  const receiver = flow.data(frame.receiver);
  return receiver.kind === "instance" || receiver.kind === "class" ? receiver.code : null;
}

/**
 * Whether calling an object of a dependency, whose own class says how it is called, makes what the caller holds: a dependency's method that writes its
 * receiver calls it; or it wraps what it was made with, and calls that. A layer has its `__call__` from a class above it, and gives tensors.
 */
function isBuilder(flow: Flow, { code: from }: Frame, class_: Code): boolean {
  if (!class_.members.has("__call__")) return false;
  if (!flow.isOfLibrary(from)) return writes(from);
  return functionsNamed(class_, "__call__").some((code) => callsAttribute(code, class_));
}

/** `return self.function(*arguments)`, where that is no method of the class. */
function callsAttribute(code: Code, class_: Code): boolean {
  const [receiver] = code.body.parameters;
  return code.body.instructions.some((each) => {
    const made = each.op === "return" ? originsOf(code, each.from) : [];
    const callees = made.flatMap((origin) => (origin.op === "call" ? originsOf(code, origin.callee) : []));
    return callees.some((callee) => callee.op === "load" && callee.object === receiver && !class_.members.has(callee.attribute));
  });
}

function callObject(flow: Flow, frame: Frame, value: Value, args: readonly Passed[], into: Node | null, line: number): void {
  const data = flow.data(value);
  if (data.kind !== "instance") return;
  const definer = flow.classes.definerOf(data.code, "__call__");
  if (definer && (flow.isOfLibrary(definer) || runsDelayed(`${flow.nameOf(definer)}.__call__`) || isBuilder(flow, frame, data.code))) {
    callMethod(flow, frame, value, "__call__", args, into, line);
  } else if (into !== null) {
    // What calling an object of a dependency gives is computed, not made: a layer gives tensors.
    for (const base of flow.classes.orderOf(data.code)) {
      const types = familyOf(typeof base === "string" ? base : flow.nameOf(base));
      for (const type of types) addMade(flow, frame, into, flow.values.native(type), line);
    }
  }
}
