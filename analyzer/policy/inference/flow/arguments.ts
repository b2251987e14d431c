/**
 * Arguments to parameters: by position, by keyword, by star, and what is left to defaults. Boundary: one call of one activation; which
 * functions are called is `calls.ts`.
 */
import type { Code, Parameter } from "../../../python/code.ts";
import { IS_EMPTY_TEXT, IS_TEXT, IS_UNKNOWN } from "../../../python/constant-kinds.ts";
import type { Node } from "../graph/graph.ts";
import { addMade, copyElements, elementInto, elementsFrom, iterate, newContainer } from "./containers.ts";
import type { Flow } from "./flow.ts";
import type { Frame } from "./frame.ts";
import { areDecoratorsPlain } from "./value-kinds.ts";
import type { Value } from "./values.ts";

/** An argument of a call, as a node. */
export interface Passed {
  readonly kind: "positional" | "keyword" | "star" | "double-star";
  readonly name?: string | undefined;
  readonly from: Node;
}

/** Lets the arguments of a call, in `caller`, flow to the parameters of an activation. */
export function bindArguments(
  flow: Flow,
  activation: Frame,
  callee: Value,
  receiver: Value | null,
  args: readonly Passed[],
  caller: Frame | null = null,
): void {
  const { graph } = flow;
  const { code } = activation;
  const registers = code.body.parameters;
  const node = (index: number) => activation.base + (registers[index] ?? 0);
  const { parameters } = code;
  const passed: number[] = [];
  let isStarred = false;
  let isDoubleStarred = false;
  let next = 0;
  const star = parameters.findIndex((parameter) => parameter.kind === "star");
  if (receiver !== null && star === 0)
    addMade(flow, activation, elementInto(flow, rest(flow, activation, "builtins.tuple", node(0)), "0"), receiver, code.line);
  else if (receiver !== null) {
    addMade(flow, activation, node(0), receiver, code.line);
    passed.push(next++);
  }
  const doubleStar = parameters.findIndex((parameter) => parameter.kind === "double-star");
  for (const argument of args) {
    if (argument.kind === "positional") {
      if (isPositional(parameters[next])) {
        const mayBeReceiver = next === 0 && receiver === null && caller?.code !== code.parent;
        passPositional(flow, code, mayBeReceiver, argument.from, node(next));
        if (!isStarred) passed.push(next);
        next++;
      } else if (star >= 0) graph.edge(argument.from, elementInto(flow, rest(flow, activation, "builtins.tuple", node(star)), null));
    } else if (argument.kind === "star") {
      isStarred = true;
      for (let index = next; isPositional(parameters[index]); index++) iterate(flow, activation, argument.from, node(index), code.line);
      if (star >= 0)
        iterate(flow, activation, argument.from, elementInto(flow, rest(flow, activation, "builtins.tuple", node(star)), null), code.line);
    } else if (argument.kind === "keyword") {
      const index = parameters.findIndex((parameter) => parameter.name === argument.name && takesKeyword(parameter));
      if (index >= 0) {
        graph.edge(argument.from, node(index));
        passed.push(index);
      } else if (doubleStar >= 0)
        graph.edge(argument.from, elementInto(flow, rest(flow, activation, "builtins.dict", node(doubleStar)), argument.name ?? null));
    } else {
      isDoubleStarred = true;
      graph.listen(argument.from, (value) => {
        if (flow.data(value).kind !== "container") return;
        parameters.forEach((parameter, index) => {
          if (index >= next && takesKeyword(parameter))
            for (const from of elementsFrom(flow, value, parameter.name)) graph.edge(from, node(index));
        });
        if (doubleStar >= 0) copyElements(flow, value, rest(flow, activation, "builtins.dict", node(doubleStar)));
      });
    }
  }
  if (passed.length === parameters.length) return;
  // A decorator may fill in what a caller leaves out.
  const isWrapped = !areDecoratorsPlain(code);
  for (let index = 0; index < parameters.length; index++) {
    if (passed.includes(index)) continue;
    const parameter = parameters[index]!;
    leaveToDefault(flow, callee, parameter, node(index));
    // What has no default is filled by somebody: a protocol calls methods with what is not said.
    const isFilledUnseen = parameter.default === 0 && parameter.kind !== "star" && parameter.kind !== "double-star";
    if (isFilledUnseen || isWrapped || (isStarred && isPositional(parameter)) || (isDoubleStarred && takesKeyword(parameter)))
      graph.kinds.mark(node(index), IS_UNKNOWN);
  }
}

/**
 * A method that is called on its class (`Base.__init__(self)`) is handed its receiver: an object of that class. What is not
 * comes from a class that is itself a value among objects (`callback() if isinstance(callback, type) else callback`). In the body of the class
 * its functions are no methods yet.
 */
function passPositional(flow: Flow, code: Code, mayBeReceiver: boolean, from: Node, into: Node): void {
  const class_ = code.parent;
  if (!mayBeReceiver || class_?.kind !== "class" || code.decorators.some((decorator) => decorator.endsWith("staticmethod"))) {
    flow.graph.edge(from, into);
    return;
  }
  flow.graph.kinds.taint(from, into);
  flow.graph.listen(from, (value) => {
    const data = flow.data(value);
    if (data.kind !== "instance" || flow.classes.isSubclass(data.code, class_)) flow.graph.add(into, value, from);
  });
}

/** What a parameter holds that a call does not fill, as far as is seen. */
function leaveToDefault(flow: Flow, callee: Value, parameter: Parameter, into: Node): void {
  if (parameter.default === 0) return;
  flow.graph.kinds.mark(into, parameter.default);
  // Of other constants nothing flows but their kind.
  if (parameter.default & (IS_TEXT | IS_EMPTY_TEXT | IS_UNKNOWN)) flow.graph.edge(flow.field(callee, parameter.name), into);
}

/** The container of a `*args` or `**kwargs` parameter. */
function rest(flow: Flow, activation: Frame, type: string, register: Node): Value {
  const value = newContainer(flow, activation, type, activation.code.line, ":rest");
  addMade(flow, activation, register, value, activation.code.line);
  return value;
}

function isPositional(parameter: Parameter | undefined): boolean {
  return parameter?.kind === "positional" || parameter?.kind === "positional-only";
}

function takesKeyword(parameter: Parameter): boolean {
  return parameter.kind === "positional" || parameter.kind === "keyword-only";
}

/** `*args: T` and `**kwargs: T` say what the elements are. */
export function annotatedNode(flow: Flow, activation: Frame, parameter: Parameter, register: Node): Node {
  if (parameter.kind === "star") return elementInto(flow, rest(flow, activation, "builtins.tuple", register), null);
  if (parameter.kind === "double-star") return elementInto(flow, rest(flow, activation, "builtins.dict", register), null);
  return register;
}
