/**
 * Reductions that no method in the source returns: `object`'s own, as far as code asks for it, and functions registered
 * with copyreg. Boundary: they are made here; what becomes of a reduction is `reduction.ts`.
 */
import type { Code } from "../../python/code.ts";
import { elementInto } from "./containers.ts";
import type { Flow } from "./flow.ts";
import type { Node } from "./graph.ts";
import type { Value } from "./values.ts";

export class Reductions {
  private readonly defaultReductions = new Map<Value, Node>();
  private readonly registrations: { class_: Node; function_: Node }[] = [];

  constructor(private readonly flow: Flow) {}

  /** What `object.__reduce_ex__` gives for an object: its class is called without arguments, and its namespace is its state. */
  defaultReduction(receiver: Value): Node {
    const known = this.defaultReductions.get(receiver);
    if (known !== undefined) return known;
    const { graph, values } = this.flow;
    const node = graph.allocate(1);
    this.defaultReductions.set(receiver, node);
    const source = graph.origins.made("", 0);
    const tuple = values.container("builtins.tuple", `reduction:${receiver}`);
    const data = this.flow.data(receiver);
    graph.add(node, tuple, source);
    const put = (index: number, part: Value) => graph.add(elementInto(this.flow, tuple, String(index)), part, source);
    put(0, values.external("copyreg.__newobj__"));
    if (data.kind === "instance") put(1, this.flow.classValue(data.code));
    put(2, values.namespace(receiver));
    return node;
  }

  /** `copyreg.pickle(class, function)`. */
  registerReduction(class_: Node, function_: Node): void {
    this.registrations.push({ class_, function_ });
  }

  /** Functions registered with copyreg for a class are put into a node. */
  registeredReductions(code: Code): Node {
    const node = this.flow.graph.allocate(1);
    const class_ = this.flow.classValue(code);
    for (const registration of this.registrations) {
      this.flow.graph.listen(registration.class_, (value) => {
        if (value === class_) this.flow.graph.edge(registration.function_, node);
      });
    }
    return node;
  }

  registeredClasses(): Set<Code> {
    const values = this.registrations.flatMap(({ class_ }) => this.flow.graph.valuesOf(class_));
    return new Set(values.flatMap((value) => ((data) => (data.kind === "class" ? [data.code] : []))(this.flow.data(value))));
  }
}
