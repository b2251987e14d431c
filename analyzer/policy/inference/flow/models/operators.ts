/**
 * Operators: arrays give arrays, containers containers, and objects are asked by the special methods that the operator stands
 * for (Python's data model, "Emulating numeric types"). Boundary: two operands; what a method does is followed like any call.
 */
import { type Instruction, isEmpty, NOTHING, SLICE } from "../../../../python/code.ts";
import type { Node } from "../../graph/graph.ts";
import { callMethod, copyElements, elementInto, holdsElements, iterate } from "../containers.ts";
import type { Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import type { Value } from "../values.ts";
import { familyOf } from "./natives.ts";

type Operate = Extract<Instruction, { readonly op: "operate" }>;

const ARITHMETIC: Readonly<Record<string, string>> = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "@": "matmul",
  "/": "truediv",
  "//": "floordiv",
  "%": "mod",
  "**": "pow",
  "<<": "lshift",
  ">>": "rshift",
  "&": "and",
  "|": "or",
  "^": "xor",
};

/** What each comparison asks of the left, and of the right operand. */
const COMPARISONS: Readonly<Record<string, readonly [left: string, right: string]>> = {
  "<": ["__lt__", "__gt__"],
  "<=": ["__le__", "__ge__"],
  ">": ["__gt__", "__lt__"],
  ">=": ["__ge__", "__le__"],
  "==": ["__eq__", "__eq__"],
  "!=": ["__ne__", "__ne__"],
  "<>": ["__ne__", "__ne__"],
};

const UNARY: Readonly<Record<string, string>> = { "unary -": "__neg__", "unary +": "__pos__", "unary ~": "__invert__" };

/** Special methods that an operator may call of an operand. */
export function operatorMethods({ operator, inPlace }: Pick<Operate, "operator" | "inPlace">, side: "left" | "right"): readonly string[] {
  if (operator === SLICE) return ["__getitem__"];
  const comparison = COMPARISONS[operator];
  if (comparison) return [comparison[side === "left" ? 0 : 1]];
  if (UNARY[operator] !== undefined) return [UNARY[operator]];
  const name = ARITHMETIC[operator];
  if (name === undefined) return [];
  if (side === "right") return [`__r${name}__`];
  return inPlace ? [`__i${name}__`, `__${name}__`] : [`__${name}__`];
}

/** An operator between nodes; null where there is no operand. */
export interface Operation extends Pick<Operate, "operator" | "inPlace" | "line"> {
  readonly left: Node | null;
  readonly right: Node | null;
  readonly into: Node;
}

/** Adds what an operator in the source gives. */
export function operate(flow: Flow, frame: Frame, instruction: Operate): void {
  const { base } = frame;
  const { left, right, into } = instruction;
  addOperation(flow, frame, { ...instruction, left: base + left, right: base + right, into: base + into });
}

/** Adds what an operator gives for what reaches its operands. */
export function addOperation(flow: Flow, frame: Frame, operation: Operation): void {
  const { left, right, into, inPlace, operator, line } = operation;
  if (operator === SLICE && left !== null) {
    slice(flow, frame, left, into, line);
    return;
  }
  const isComparison = Object.hasOwn(COMPARISONS, operator);
  for (const side of ["left", "right"] as const) {
    const [node, other] = side === "left" ? [left, right] : [right, left];
    if (node === null || isConstant(frame, node)) continue;
    const methods = operatorMethods(operation, side);
    const args = other === null || operator.startsWith("unary") ? [] : [{ kind: "positional" as const, from: other }];
    flow.graph.listen(node, (value) => {
      const data = flow.data(value);
      if (data.kind === "native") addComputed(flow, data.type, into, node);
      else if (data.kind === "unanalysed" || (data.kind === "container" && !isComparison)) flow.graph.add(into, value, node);
      else if (data.kind === "instance") {
        const isKept = (inPlace && side === "left") || (holdsElements(flow, value) && !isComparison);
        if (isKept) flow.graph.add(into, value, node);
        for (const name of methods) callMethod(flow, frame, value, name, args, into, line);
      }
      // `left += right` puts the elements of the right into the left.
      if (!inPlace || side === "right" || other === null || isConstant(frame, other) || !holdsElements(flow, value)) return;
      flow.namedStores.note(value, null, other);
      // Of a dict that is added the values come, too; other containers have no `|=` that takes one.
      if (operator === "|" && !isSet(flow, value)) flow.graph.listen(other, (content) => copyElements(flow, content, value));
      iterate(flow, frame, other, elementInto(flow, value, null), line);
    });
  }
}

function isSet(flow: Flow, value: Value): boolean {
  const data = flow.data(value);
  return data.kind === "container" && data.type === "builtins.set";
}

/** A slice is the same kind of container with the same elements; what part of a text is taken is not told. */
function slice(flow: Flow, frame: Frame, object: Node, into: Node, line: number): void {
  flow.graph.listen(object, (value) => {
    const data = flow.data(value);
    if (data.kind === "text") return;
    const isAsked = data.kind === "instance" && flow.classes.definerOf(data.code, "__getitem__") !== null;
    if (!isAsked || holdsElements(flow, value)) flow.graph.add(into, value, object);
    if (isAsked) callMethod(flow, frame, value, "__getitem__", [{ kind: "positional", from: frame.base + NOTHING }], into, line);
  });
}

/** Whether a node stands for numbers and the like: nothing is asked of them. */
function isConstant({ base }: Frame, node: Node): boolean {
  return node >= base && isEmpty(node - base);
}

/** What computing with a recorded type gives. */
export function addComputed(flow: Flow, type: string, into: Node, source: Node): void {
  const types = familyOf(type);
  for (const each of types.length > 0 ? types : [type]) flow.graph.add(into, flow.values.native(each), source);
}
