/**
 * Parameters that something is passed for of which nothing is known (an attribute of what a user passes, what a call gives that is not
 * followed), where the function says of which class it is: the user has the choice, as if he called it. Boundary: which parameters; that anything
 * else unknown may reach them is `constant-kinds.ts`'s.
 */
import type { Code, Parameter, TypeExpression } from "../../../../python/code.ts";
import { IS_UNKNOWN } from "../../../../python/constant-kinds.ts";
import type { Node } from "../../graph/graph.ts";
import type { Flow } from "../flow.ts";

export class UnknownArguments {
  /** Parameters that were left to the user. */
  private readonly opened = new Set<Node>();

  constructor(private readonly flow: Flow) {}

  /** Leaves what is empty, and should not be, to the user. Whether there was any. */
  settle(): boolean {
    const { flow } = this;
    let isFound = false;
    for (const { node, code, parameter, annotation } of annotatedParameters(flow)) {
      if (this.opened.has(node) || !this.isUnknown(node) || classesIn(flow, code, annotation).length === 0) continue;
      this.opened.add(node);
      isFound = true;
      const { name, line } = parameter;
      const origin = flow.graph.origins.add({ kind: "argument", text: `parameter ${name}`, file: code.unit.path, line });
      flow.graph.add(node, flow.values.open(code, name), origin);
    }
    return isFound;
  }

  private isUnknown(node: Node): boolean {
    const { graph } = this.flow;
    return graph.isEmpty(node) && (graph.kinds.of(node) & IS_UNKNOWN) !== 0;
  }
}

/** What a function says that its parameter is, it asks of what is passed to it. */
export function noteAnnotations(flow: Flow): void {
  for (const { node, code, annotation } of annotatedParameters(flow)) {
    let named: readonly string[] | null = null;
    flow.graph.eachValue(node, (value) => {
      const data = flow.data(value);
      if (data.kind !== "open") return;
      named ??= classesIn(flow, code, annotation);
      for (const name of named) flow.asked.of(data).classes.add(name);
    });
  }
}

interface AnnotatedParameter {
  readonly node: Node;
  readonly code: Code;
  readonly parameter: Parameter;
  readonly annotation: TypeExpression;
}

/** The parameters of the library's activations of which something is written. */
function* annotatedParameters(flow: Flow): Iterable<AnnotatedParameter> {
  for (const { base, code } of flow.everyFrame()) {
    if (code.kind !== "function" || !flow.isOfLibrary(code)) continue;
    for (const [index, parameter] of code.parameters.entries()) {
      const { annotation } = parameter;
      const register = code.body.parameters[index];
      if (annotation !== null && register !== undefined) yield { node: base + register, code, parameter, annotation };
    }
  }
}

/** The analysed classes that an annotation names, of one of which a value is. */
function classesIn(flow: Flow, scope: Code, type: TypeExpression): string[] {
  if (type.kind === "union" || (type.kind === "subscript" && isChoice(type.base)))
    return type.items.flatMap((item) => classesIn(flow, scope, item));
  if (type.kind !== "name") return [];
  const definitions = flow.resolver.pathIn(scope, type.path);
  return definitions.flatMap((definition) => (definition.kind === "class" ? [flow.nameOf(definition.code)] : []));
}

/** `Optional` and `Union`. */
function isChoice(type: TypeExpression): boolean {
  return type.kind === "name" && /^(Optional|Union)$/.test(type.path.at(-1) ?? "");
}
