/**
 * Functions of the standard library that ask the objects they are handed, by special methods: `abs`, `len`, `sum`, `copy.copy`,
 * `operator.add`. Boundary: what they do to anything else; the operators themselves are `operators.ts`.
 */
import { replaceFields } from "../classes/class-methods.ts";
import { callMethod, iterate } from "../containers.ts";
import { argument, builtinMethod, type Model } from "./container-methods.ts";
import { collect } from "./iteration.ts";
import { addComputed, addOperation } from "./operators.ts";

/** Gives what one of these methods of its first argument gives; arrays give arrays. */
function asks(...methods: readonly string[]): Model {
  return (flow, frame, call) => {
    const [object, ...args] = call.args;
    if (object?.kind !== "positional") return;
    flow.graph.listen(object.from, (value) => {
      const data = flow.data(value);
      if (data.kind === "native" && call.into !== null) addComputed(flow, data.type, call.into, object.from);
      for (const method of methods) callMethod(flow, frame, value, method, args, call.into, call.line);
    });
  };
}

/** Gives a number or a text, which is not kept; the method may do something to its object all the same. */
function runs(...methods: readonly string[]): Model {
  return (flow, frame, call) => {
    const object = argument(call, 0);
    if (object === null) return;
    flow.graph.listen(object, (value) => {
      const data = flow.data(value);
      if (data.kind !== "instance" || !flow.isOfLibrary(data.code)) return;
      for (const method of methods) callMethod(flow, frame, value, method, [], null, call.line);
    });
  };
}

/** A copy is taken for what it is of, but for the dict of an object's attributes; an object with one of these methods gives what that gives. */
function copies(...methods: readonly string[]): Model {
  return (flow, frame, call) => {
    const { into, line } = call;
    const from = argument(call, 0);
    if (from === null || into === null) return;
    flow.graph.listen(from, (value) => {
      const data = flow.data(value);
      const method = data.kind === "instance" ? methods.find((name) => flow.classes.definerOf(data.code, name)) : undefined;
      if (data.kind === "namespace") builtinMethod(flow, frame, "copy", value, { ...call, args: [] });
      else if (method === undefined) flow.graph.add(into, value, from);
      else callMethod(flow, frame, value, method, call.args.slice(1), into, line);
    });
  };
}

const sum: Model = (flow, frame, call) => {
  const { into, line } = call;
  const [from, start] = call.args;
  if (from === undefined || into === null) return;
  const element = flow.graph.allocate(1);
  iterate(flow, frame, from.from, element, line);
  flow.graph.edge(element, into);
  if (start !== undefined) flow.graph.edge(start.from, into);
  addOperation(flow, frame, { operator: "+", left: into, right: element, into, inPlace: false, line });
};

/** A function of the module `operator`. */
function operates(operator: string, inPlace = false): Model {
  return (flow, frame, call) => {
    if (call.into === null) return;
    addOperation(flow, frame, { operator, inPlace, left: argument(call, 0), right: argument(call, 1), into: call.into, line: call.line });
  };
}

/** `reversed(x)`: the elements; an object with a method for it gives what that gives. */
const reversed: Model = (flow, frame, call) => {
  asks("__reversed__")(flow, frame, call);
  collect("builtins.list")(flow, frame, call);
};

const OPERATORS: Readonly<Record<string, string>> = {
  ...{ add: "+", sub: "-", mul: "*", matmul: "@", truediv: "/", floordiv: "//", mod: "%", pow: "**" },
  ...{ lshift: "<<", rshift: ">>", and_: "&", or_: "|", xor: "^", lt: "<", le: "<=", gt: ">", ge: ">=", eq: "==", ne: "!=" },
  ...{ concat: "+", neg: "unary -", pos: "unary +", inv: "unary ~", invert: "unary ~" },
};
const IN_PLACE = ["add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and", "or", "xor", "concat"];

/** By dotted name. */
export const PROTOCOL_MODELS: Readonly<Record<string, Model>> = {
  "builtins.abs": asks("__abs__"),
  "builtins.round": asks("__round__"),
  "builtins.divmod": asks("__divmod__"),
  "builtins.pow": operates("**"),
  "builtins.reversed": reversed,
  "builtins.sum": sum,
  "builtins.len": runs("__len__"),
  "builtins.bool": runs("__bool__", "__len__"),
  "builtins.hash": runs("__hash__"),
  "builtins.str": runs("__str__"),
  "builtins.repr": runs("__repr__"),
  "builtins.print": runs("__str__"),
  "builtins.format": runs("__format__"),
  "builtins.int": runs("__int__", "__index__"),
  "builtins.float": runs("__float__"),
  "math.floor": asks("__floor__"),
  "math.ceil": asks("__ceil__"),
  "math.trunc": asks("__trunc__"),
  "copy.replace": replaceFields,
  "dataclasses.replace": replaceFields,
  "copy.copy": copies("__copy__"),
  "copy.deepcopy": copies("__deepcopy__"),
  ...Object.fromEntries(Object.entries(OPERATORS).map(([name, operator]) => [`operator.${name}`, operates(operator)])),
  ...Object.fromEntries(IN_PLACE.map((name) => [`operator.i${name}`, operates(OPERATORS[name] ?? OPERATORS[`${name}_`]!, true)])),
};
