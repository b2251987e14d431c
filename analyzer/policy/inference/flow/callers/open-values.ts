/**
 * What a caller leaves in a parameter: where such values enter the flow, and what the code was seen to ask of them.
 * Boundary: in which attributes they end is `open-slots.ts`.
 */
import type { Code, TypeExpression } from "../../../../python/code.ts";
import type { Node } from "../../graph/graph.ts";
import { annotatedNode } from "../arguments.ts";
import { ANY, type Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { argument, listenTexts, type NativeCall } from "../models/container-methods.ts";
import type { Value, ValueData } from "../values.ts";

export type OpenValue = Extract<ValueData, { readonly kind: "open" }>;

/** What code does with what its caller passed. */
export interface Asked {
  /** Attributes that are read or called; `__call__` where the value itself is called. */
  readonly attributes: Set<string>;
  /** Classes that `isinstance` compares it with. */
  readonly classes: Set<string>;
}

/** What was asked of each open value, by the function and the parameter it is passed as. */
export class AskedOfCallers {
  private readonly asked = new Map<Code, Map<string, Asked>>();

  of({ code, parameter }: OpenValue): Asked {
    let parameters = this.asked.get(code);
    if (!parameters) {
      parameters = new Map();
      this.asked.set(code, parameters);
    }
    const known = parameters.get(parameter);
    if (known) return known;
    const asked = { attributes: new Set<string>(), classes: new Set<string>() };
    parameters.set(parameter, asked);
    return asked;
  }
}

/** Lets every parameter of an activation hold whatever a caller may pass, where its annotation does not say what that is. */
export function leaveOpen(flow: Flow, activation: Frame): void {
  const { graph, values } = flow;
  const { code, base } = activation;
  const first = activation.receiver === null ? 0 : 1;
  code.parameters.forEach((parameter, index) => {
    const register = code.body.parameters[index];
    if (index < first || register === undefined || isScalar(parameter.annotation)) return;
    const into = annotatedNode(flow, activation, parameter, base + register);
    if (parameter.annotation !== null && isSaid(flow, into, 0)) return;
    const origin = graph.origins.add({ kind: "argument", text: `parameter ${parameter.name}`, file: code.unit.path, line: parameter.line });
    graph.add(into, values.open(code, parameter.name), origin);
  });
}

/** Whether an annotation has put something into a node, or into a container there. */
function isSaid(flow: Flow, node: Node, depth: number): boolean {
  const { graph } = flow;
  return graph.valuesOf(node).some((value) => {
    const source = graph.arrivalOf(node, value)?.source;
    if (source === undefined || (depth === 0 && (source >= 0 || graph.origins.of(source).kind !== "annotation"))) return false;
    const data = flow.data(value);
    const { kind } = data;
    // Of a dependency's class a user may pass any subclass: `encoder: nn.Module` says little.
    if (kind === "instance" && !flow.isOfLibrary(data.code)) return false;
    if (kind !== "container") return kind !== "text" && kind !== "open";
    return depth < 3 && flow.elementFields(value).some(([, elements]) => isSaid(flow, elements, depth + 1));
  });
}

const SCALARS = new Set(["int", "float", "bool", "str", "bytes", "complex", "None", "Literal", "Optional", "Union"]);

/** `int`, `Optional[str]`, `float | None`: what pickles without a name. */
function isScalar(type: TypeExpression | null): boolean {
  if (type === null) return false;
  switch (type.kind) {
    case "name":
      return SCALARS.has(type.path.at(-1) ?? "");
    case "union":
    case "list":
      return type.items.every(isScalar);
    case "subscript":
      return isScalar(type.base) && (isLiteral(type.base) || type.items.every(isScalar));
  }
}

function isLiteral(type: TypeExpression): boolean {
  return type.kind === "name" && type.path.at(-1) === "Literal";
}

/** Whether an annotation says that a function is taken. */
export function takesFunction(annotation: TypeExpression | null): boolean {
  if (annotation === null) return false;
  if (annotation.kind === "name") return annotation.path.at(-1) === "Callable";
  const parts = annotation.kind === "subscript" ? [annotation.base, ...annotation.items] : annotation.items;
  return parts.some(takesFunction);
}

/** `isinstance(value, classes)`. */
export function askClass(flow: Flow, _frame: Frame, call: NativeCall): void {
  const classes = argument(call, 1);
  if (classes === null) return;
  listenOpen(flow, argument(call, 0), (asked) => listenClasses(flow, classes, 0, (name) => asked.classes.add(name)));
}

/** `hasattr(value, name)`. */
export function askAttribute(flow: Flow, _frame: Frame, call: NativeCall): void {
  listenOpen(flow, argument(call, 0), (asked) => listenTexts(flow, argument(call, 1), (name) => asked.attributes.add(name)));
}

/** `callable(value)`. */
export function askCall(flow: Flow, _frame: Frame, call: NativeCall): void {
  listenOpen(flow, argument(call, 0), (asked) => asked.attributes.add("__call__"));
}

function listenOpen(flow: Flow, node: Node | null, listener: (asked: Asked) => void): void {
  if (node === null) return;
  flow.graph.listen(node, (value) => {
    const data = flow.data(value);
    if (data.kind === "open") listener(flow.asked.of(data));
  });
}

function listenClasses(flow: Flow, node: Node, depth: number, listener: (name: string) => void): void {
  flow.graph.listen(node, (value: Value) => {
    const data = flow.data(value);
    if (data.kind === "class") listener(flow.nameOf(data.code));
    else if (data.kind === "external") listener(data.name);
    else if (data.kind === "container" && depth < 2) listenClasses(flow, flow.field(value, ANY), depth + 1, listener);
  });
}
